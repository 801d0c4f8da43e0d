import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../scripts/parts/command.ts';
import { version } from '../../src/version.ts';
import {
  argsOf,
  chartDirectory,
  helm,
  notesOf,
  parseManifests,
  rejectionOf,
  renderChart,
  type Values,
} from './helm.ts';

const oldValues = join(import.meta.dirname, 'values/old-values.yaml');

const rule = {
  seriesQuery: 'queue_length{namespace!=""}',
  resources: { overrides: { namespace: { resource: 'namespace' } } },
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
};

/** The lines of helm's error that name faults of the values. */
async function faultsOf(values: Values): Promise<readonly string[]> {
  const [, faults = ''] = (await rejectionOf({ values })).split('invalid values:\n');
  return faults.split('\n\n')[0]?.split('\n') ?? [];
}

describe('unknown values', () => {
  it.each<[Values, string]>([
    [{ nodeselector: {} }, 'nodeselector: unknown value: did you mean nodeSelector?'],
    [{ image: { tagg: '1' } }, 'image.tagg: unknown value: did you mean tag?'],
    [
      { serviceMonitor: { enable: true } },
      'serviceMonitor.enable: unknown value: did you mean enabled?',
    ],
    [
      { apiServices: { customs: true } },
      'apiServices.customs: unknown value: did you mean custom?',
    ],
    [
      { networkPolicy: { egress: { dns: { port: [53] } } } },
      'networkPolicy.egress.dns.port: unknown value: did you mean ports?',
    ],
    [
      { rbac: { readableResources: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] } },
      'rbac.readableResources[0].verbs: unknown value: known here are apiGroups, resources',
    ],
    [{ defaultResource: true }, 'defaultResource: unknown value: it belongs in rules'],
    [
      { rules: { nodeSelector: {} } },
      'rules.nodeSelector: unknown value: it belongs at the top level',
    ],
    [{ replicaCount: 3 }, 'replicaCount: unknown value'],
    [
      { rules: { custom: [rule, { ...rule, metricQuery: '' }] } },
      'rules.custom[1].metricQuery: unknown value: did you mean metricsQuery?',
    ],
    [
      { rules: { external: [{ ...rule, overrides: {} }] } },
      'rules.external[0].overrides: unknown value: it belongs in rules.external[].resources',
    ],
    [
      { rules: { custom: [{ ...rule, name: { sharing: false } }] } },
      'rules.custom[0].name.sharing: unknown value: it belongs in rules.custom[]',
    ],
    [
      {
        rules: {
          custom: [
            { ...rule, resources: { overrides: { pod: { resource: 'pod', kind: 'Pod' } } } },
          ],
        },
      },
      'rules.custom[0].resources.overrides.pod.kind: unknown value: known here are group, resource',
    ],
    [
      { rules: { resource: { cpu: { window: '3m' } } } },
      'rules.resource.cpu.window: unknown value: it belongs in rules.resource',
    ],
  ])('%j are rejected with their path and a suggestion', async (values, fault) => {
    expect(await faultsOf(values)).toEqual([fault]);
  });

  it('are all reported together, with missing ones', async () => {
    const { metricsQuery, ...incomplete } = rule;
    const values = {
      tls: { enabled: true },
      rules: { custom: [{ ...incomplete, metricsQeury: metricsQuery }] },
    };
    expect(await faultsOf(values)).toEqual([
      'rules.custom[0].metricsQeury: unknown value: did you mean metricsQuery?',
      'rules.custom[0]: metricsQuery is missing',
      'tls.enabled: unknown value: did you mean enable?',
    ]);
  });

  it('are accepted under the usual keys for YAML anchors', async () => {
    const values = { 'x-labels': { a: 'b' }, _anchors: {}, '.anchors': [] };
    expect(await rejectionOf({ values })).toBe('it was rendered');
  });

  it('are accepted within Kubernetes objects, which the API server validates', async () => {
    const values = { affinity: { a: {} }, podAnnotations: { b: 'c' }, psp: { d: 1 } };
    expect(await rejectionOf({ values })).toBe('it was rendered');
  });

  it('are not the condition and the global values of a parent chart', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'parent-chart-'));
    try {
      const chart = {
        apiVersion: 'v2',
        name: 'parent',
        version: '1.0.0',
        dependencies: [
          { name: 'prom-metrics-adapter', version: '*', condition: 'prom-metrics-adapter.enabled' },
        ],
      };
      await writeFile(join(parent, 'Chart.yaml'), JSON.stringify(chart));
      const values = { global: { team: 'a' }, 'prom-metrics-adapter': { enabled: true } };
      await writeFile(join(parent, 'values.yaml'), JSON.stringify(values));
      const dependency = join(parent, 'charts/prom-metrics-adapter');
      await cp(chartDirectory, dependency, { recursive: true });
      await leaveNullOut(join(dependency, 'values.yaml'));
      const manifests = parseManifests(await helm('template', 'adapter', parent));
      const plain = await renderChart();
      expect(manifests.map(({ kind }) => kind)).toEqual(plain.map(({ kind }) => kind));
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});

/** Helm 3 does that with the values of a chart that is a dependency. */
async function leaveNullOut(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const without = text.replaceAll(/^.*: null\n/gm, '');
  expect(without.length).toBeLessThan(text.length);
  await writeFile(file, without.replace('apiServices:', 'apiServices: {}'));
}

describe('wrong values', () => {
  it.each<[Values, string, string]>([
    [{ replicas: 'two' }, 'replicas', 'integer'],
    [{ metricsRelistInterval: '60' }, 'metricsRelistInterval', 'pattern'],
    [{ rules: { external: [{ seriesQuery: 5 }] } }, 'rules/external/0/seriesQuery', 'string'],
    [
      { rules: { custom: [{ ...rule, resources: { overrides: { pod: 'pod' } } }] } },
      'rules/custom/0/resources/overrides/pod',
      'object',
    ],
    [{ rules: { resource: { window: 3 } } }, 'rules/resource/window', 'string'],
    [{ service: { type: 'Cluster' } }, 'service/type', 'ClusterIP'],
    [{ listenPort: 70000 }, 'listenPort', 'maximum'],
    [{ extraArguments: [{ a: 1 }] }, 'extraArguments/0', 'string'],
    [{ tls: { enable: true } }, 'tls/ca', '-----BEGIN'],
  ])('%j are rejected', async (values, place, expected) => {
    const message = await rejectionOf({ values });
    expect(message.replaceAll('.', '/')).toContain(place);
    expect(message).toContain(expected);
  });

  it.each(['rules.custom', 'rules.external', 'extraArguments', 'tolerations'])(
    'a map instead of a list is rejected: %s',
    async (path) => {
      const value = path
        .split('.')
        .reduceRight<unknown>((inner, key) => ({ [key]: inner }), { a: 'b' });
      expect(await faultsOf(Object(value))).toEqual([
        `${path}: expected a list, found a map: begin each item with "- "`,
      ]);
    },
  );

  it('an empty map is an empty list, and an empty list an empty map', async () => {
    const values = {
      rules: { custom: {}, external: {}, resource: {} },
      extraArguments: {},
      tolerations: {},
      affinity: [],
      podAnnotations: [],
      customLabels: [],
    };
    const withEmpty = await renderChart({ values });
    const plain = await renderChart();
    const kinds = ['Secret', 'APIService']; // with a new certificate each time
    const comparable = (manifests: typeof plain) =>
      manifests.filter(({ kind }) => !kinds.includes(kind));
    expect(comparable(withEmpty)).toEqual(comparable(plain));
  });
});

describe('prometheus.url', () => {
  const urlOf = async (prometheus: Values) =>
    argsOf(await renderChart({ values: { prometheus } })).find((flag) =>
      flag.startsWith('--prometheus-url='),
    );

  it.each<[Values, string]>([
    [{ url: 'http://prom.svc' }, 'http://prom.svc:9090'],
    [{ url: 'http://prom.svc:9090' }, 'http://prom.svc:9090'],
    [{ url: 'http://prom.svc:8080' }, 'http://prom.svc:8080'],
    [{ url: 'http://prom.svc:8080', port: 8080 }, 'http://prom.svc:8080'],
    [{ url: 'http://prom.svc:8080', port: '' }, 'http://prom.svc:8080'],
    [{ url: 'http://prom.svc/' }, 'http://prom.svc:9090'],
    [{ url: 'http://prom.svc/', path: '/prometheus/' }, 'http://prom.svc:9090/prometheus'],
    [{ url: 'http://prom.svc/', path: 'prometheus' }, 'http://prom.svc:9090/prometheus'],
    [{ url: 'http://prom.svc/a/', path: '/b' }, 'http://prom.svc:9090/a/b'],
    [{ url: 'http://prom.svc/a?tenant=b' }, 'http://prom.svc:9090/a?tenant=b'],
    [{ url: 'https://prom.example.com', port: '' }, 'https://prom.example.com'],
    [{ url: 'https://prom.example.com', port: 0 }, 'https://prom.example.com'],
    [{ url: 'https://prom.example.com', port: '443' }, 'https://prom.example.com:443'],
    [{ url: 'https://user:word@prom.svc' }, 'https://user:word@prom.svc:9090'],
    [{ url: 'http://[fd00::1]' }, 'http://[fd00::1]:9090'],
    [{ url: 'http://[fd00::1]:80' }, 'http://[fd00::1]:80'],
    [{ url: ' HTTP://{{ .Release.Name }}.svc\n' }, 'HTTP://adapter.svc:9090'],
  ])('%j becomes %s', async (prometheus, url) => {
    expect(await urlOf(prometheus)).toBe(`--prometheus-url=${url}`);
  });

  it.each<[Values, string]>([
    [
      { url: 'prom.svc' },
      'prometheus.url: expected a URL that begins with http:// or https://, e.g. http://prom.svc, found "prom.svc"',
    ],
    [
      { url: 'prom.svc:9090' },
      'prometheus.url: expected a URL that begins with http:// or https://, e.g. http://prom.svc:9090, found',
    ],
    [{ url: 'ftp://prom.svc' }, 'that begins with http:// or https://, found "ftp://prom.svc"'],
    [{ url: 'http:///metrics' }, 'found "http:///metrics"'],
    [{ url: '{{ .Values.nameOverride }}' }, 'found ""'],
    [{ url: 'http://prom.svc/a b' }, 'expected a URL without spaces and #'],
    [
      { url: 'http://prom.svc:80', port: 8080 },
      'prometheus.url has the port 80, and prometheus.port is 8080: set only one of them',
    ],
  ])('%j is rejected with the expected value', async (prometheus, message) => {
    expect(await rejectionOf({ values: { prometheus } })).toContain(message);
  });
});

describe('notes', () => {
  it('have the next commands', async () => {
    const values = { rules: { external: [rule] }, image: { repository: 'example.com/adapter' } };
    const text = await notesOf({ values });
    expect(text).toContain('rollout status deployment adapter-prom-metrics-adapter');
    expect(text).toContain('kubectl get --raw /apis/custom.metrics.k8s.io/v1beta2');
    expect(text).toContain('kubectl get --raw /apis/external.metrics.k8s.io/v1beta1');
    expect(text).toContain(
      `docker run --rm -i example.com/adapter:${version} check --helm-values - < values.yaml`,
    );
    expect(text).not.toContain('not in a public registry');
  });

  it('name only commands of helm, kubectl and docker', async () => {
    const values = { rules: { external: [rule], defaultResource: true } };
    const commands = [...(await notesOf({ values })).matchAll(/^ {2}(\S+)/gm)].map(
      ([, word]) => word,
    );
    expect(new Set(commands)).toEqual(new Set(['kubectl', 'docker']));
  });

  it('have a command that checks the values', async () => {
    const [, args = ''] = /docker run --rm -i \S+ (.* < )values\.yaml/.exec(await notesOf()) ?? [];
    const program = join(import.meta.dirname, '../../src/main.ts');
    const command = `"$0" "${program}" ${args}"$1"`;
    const output = await runCommand('/bin/sh', ['-c', command, process.execPath, oldValues]);
    expect(output).toContain('2 custom rules, 1 external rule, resource rules; 0 errors, 0 broken');
  });

  it.each<[string, Values, readonly string[]]>([
    ['no API', { rules: { default: false } }, ['apiservices', 'List the metrics', 'kubectl top']],
    [
      'rules of a ConfigMap',
      { rules: { existing: 'mine' } },
      ['edit them in your values', '--helm-values', 'rules.default serves'],
    ],
    [
      'the defaults',
      {},
      ['external', 'kubectl top', 'networkPolicy', 'runAsUser', 'psp', 'one replica'],
    ],
    [
      'a network policy',
      { networkPolicy: { enabled: true, ingress: { from: [{ podSelector: {} }] } } },
      ['networkPolicy'],
    ],
  ])('have only text that applies with %s', async (_, values, absent) => {
    const text = await notesOf({ values });
    expect(absent.filter((each) => text.includes(each))).toEqual([]);
    expect(text).toContain('rollout status');
  });

  it.each<[Values, string]>([
    [{ rules: { existing: 'mine' } }, 'edit the ConfigMap mine'],
    [{ rules: { existing: 'mine' } }, 'check - < rules.yaml'],
    [{ networkPolicy: { enabled: true } }, 'allows connections to port 6443 from any address'],
    [
      { networkPolicy: { enabled: true }, hostNetwork: { enabled: true } },
      'networkPolicy has no effect',
    ],
    [{ runAsUser: 5 }, 'runAsUser has no effect'],
  ])('of %j say: %s', async (values, expected) => {
    expect(await notesOf({ values })).toContain(expected);
  });
});
