import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { runCommand } from '../../scripts/parts/command.ts';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';
import { parseServeFlags } from '../../src/cli/serve/parse-serve-flags.ts';
import { createMonitoring } from '../../src/commands/serve/monitoring.ts';
import type { Manifest } from '../e2e/kubectl.ts';
import { MEMORY_BYTES } from '../fixtures/limited-adapter.ts';
import { readData } from '../golden/recorded-cases.ts';
import {
  argsOf,
  chartDirectory,
  containerOf,
  fieldOf,
  helm,
  listOf,
  notesOf,
  only,
  renderChart,
  type Values,
} from './helm.ts';
import { checkRules } from './rules-check.ts';

const oldValues = join(import.meta.dirname, 'values/old-values.yaml');
const allValues = join(import.meta.dirname, 'values/all-values.yaml');
const exampleValues = join(import.meta.dirname, '../../examples/nginx/values.yaml');

const rule = {
  seriesQuery: 'queue_length{namespace!=""}',
  resources: { overrides: { namespace: { resource: 'namespace' } } },
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
};
const externalRule = { ...rule, metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})' };

function rulesOf(manifests: readonly Manifest[]): string {
  const text: unknown = manifests
    .filter(({ kind }) => kind === 'ConfigMap')
    .map((each) => Reflect.get(Object(each.data), 'config.yaml'))
    .find((found) => found !== undefined);
  if (typeof text !== 'string') throw new Error('expected a ConfigMap with config.yaml');
  return text;
}

function apiServices(manifests: readonly Manifest[]): readonly string[] {
  return manifests.filter(({ kind }) => kind === 'APIService').map(({ metadata }) => metadata.name);
}

/** Names, labels and similar values that are not strings, by their paths. */
function notTexts(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => notTexts(inner, `${path}.${key}`));
  }
  const isIdentifier =
    /(name|namespace|Name|io\/instance|io\/name|matchNames\.\d+|dnsNames\.\d+)$/.test(path);
  return isIdentifier && typeof value !== 'string' ? [`${path}: ${String(value)}`] : [];
}

describe('helm lint', () => {
  it.each([
    ['defaults', []],
    ['values of the community chart', [oldValues]],
    ['all switches', [allValues]],
    ['the example', [exampleValues]],
  ])('has nothing against the chart with %s', async (_, files) => {
    const flags = files.map((file) => `--values=${file}`);
    expect(await helm('lint', '--strict', chartDirectory, ...flags)).toContain('0 chart(s) failed');
  });
});

describe('the chart', () => {
  it('has the version of the program', async () => {
    const chart = load(await readFile(join(chartDirectory, 'Chart.yaml'), 'utf8'));
    expect(fieldOf(chart, 'appVersion')).toBe(manifest.version);
    expect(fieldOf(containerOf(await renderChart()), 'image')).toBe(
      `prom-metrics-adapter:${manifest.version}`,
    );
  });

  it.each([
    ['defaults', []],
    ['values of the community chart', [oldValues]],
    ['all switches', [allValues]],
    ['the example', [exampleValues]],
  ])('has rules and flags that the program takes, with %s', async (_, files) => {
    const manifests = await renderChart({ files });
    expect(await checkRules(rulesOf(manifests))).toMatchObject({ code: 0 });
    expect(parseServeFlags(argsOf(manifests))).toMatchObject({ action: 'serve' });
  });

  it('has the default rules of the community chart, as they were recorded', async () => {
    const recorded = load(readData('configs/13-stock.yaml'));
    expect(load(rulesOf(await renderChart()))).toEqual(recorded);
  });

  it('quotes names of digits, which YAML would read as numbers', async () => {
    const numbers = {
      fullnameOverride: '1e3',
      serviceAccount: { name: '0x1f' },
      priorityClassName: '7',
      extraManifests: [],
      image: { pullSecrets: ['8', { name: '9' }] },
      serviceMonitor: {
        enabled: true,
        prometheusServiceAccount: { name: '10', namespace: '11' },
      },
    };
    const rendered = await Promise.all([
      renderChart({ values: numbers, files: [allValues], release: '123', namespace: '456' }),
      renderChart({ values: numbers, release: '123', namespace: '456' }),
    ]);
    for (const manifests of rendered) {
      for (const manifest of manifests) expect(notTexts(manifest)).toEqual([]);
    }
  });

  it('accepts the strategy Recreate without the parameters of the default one', async () => {
    const manifests = await renderChart({ values: { strategy: { type: 'Recreate' } } });
    expect(fieldOf(only(manifests, 'Deployment'), 'spec.strategy')).toEqual({ type: 'Recreate' });
  });

  it('describes every value in its schema, and every value of the schema is in values.yaml', async () => {
    const schema: unknown = JSON.parse(
      await readFile(join(chartDirectory, 'values.schema.json'), 'utf8'),
    );
    const values = load(await readFile(join(chartDirectory, 'values.yaml'), 'utf8'));
    const described = Object.keys(Object(fieldOf(schema, 'properties'))).toSorted();
    expect([...Object.keys(Object(values)), 'enabled', 'global'].toSorted()).toEqual(described);
  });
});

describe('values of the community chart', () => {
  const rendered = () => renderChart({ files: [oldValues], release: 'prom', namespace: 'metrics' });

  it('become the same flags', async () => {
    expect(argsOf(await rendered())).toEqual([
      '--secure-port=6443',
      '--tls-cert-file=/var/run/serving-cert/tls.crt',
      '--tls-private-key-file=/var/run/serving-cert/tls.key',
      '--cert-dir=/tmp/cert',
      '--prometheus-url=http://prometheus-prom.metrics.svc.cluster.local:9090/prometheus',
      '--metrics-relist-interval=1m',
      '--v=4',
      '--config=/etc/adapter/config.yaml',
      '--metrics-max-age=10m',
      '--prometheus-header=X-Scope-OrgID=team-a',
      '--authentication-skip-lookup=false',
    ]);
  });

  it('become the same pod', async () => {
    const deployment = only(await rendered(), 'Deployment');
    expect(deployment.metadata.annotations).toMatchObject({
      'reloader.stakater.com/auto': 'true',
      'example.com/team': 'platform',
    });
    expect(deployment.spec).toMatchObject({
      replicas: 1,
      strategy: { rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      template: {
        metadata: {
          labels: { 'sidecar.istio.io/inject': 'false', monitoring: 'prometheus-adapter' },
          annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' },
        },
        spec: {
          dnsPolicy: 'ClusterFirst',
          dnsConfig: { searches: ['service.consul'] },
          priorityClassName: 'system-cluster-critical',
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          imagePullSecrets: [{ name: 'registry-credentials' }],
          tolerations: [{ key: 'dedicated' }],
          affinity: { podAntiAffinity: {} },
          topologySpreadConstraints: [{ whenUnsatisfiable: 'DoNotSchedule' }],
        },
      },
    });
    expect(listOf(deployment, 'spec.template.spec.containers')).toMatchObject([
      {
        env: [{ name: 'TMP_DIR', value: '/tmp' }],
        resources: { limits: { memory: '512Mi' } },
        livenessProbe: { httpGet: { path: '/healthz' }, initialDelaySeconds: 30 },
      },
      { name: 'sigv4-proxy' },
    ]);
    expect(JSON.stringify(deployment.spec)).toContain('/etc/ssl/certs');
  });

  it('give the rules, custom ones as templates', async () => {
    const rules = load(rulesOf(await rendered()));
    expect(listOf(rules, 'rules').map((each) => fieldOf(each, 'seriesQuery'))).toEqual([
      'http_requests_total{namespace!="",pod!=""}',
      '{__name__=~"^prom_jobs_.*",namespace!=""}',
    ]);
    expect(listOf(rules, 'externalRules')).toHaveLength(1);
    expect(fieldOf(rules, 'resourceRules.window')).toBe('3m');
    expect(apiServices(await rendered())).toContain('v1beta1.metrics.k8s.io');
  });

  it('keep annotations, extra objects and the disruption budget', async () => {
    const manifests = await rendered();
    expect(only(manifests, 'ServiceAccount').metadata.annotations).toMatchObject({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/adapter',
    });
    expect(only(manifests, 'ConfigMap', 'prom-extra')).toMatchObject({ data: { a: 'b' } });
    expect(only(manifests, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });

  it("do not bring prometheus-adapter's image with them", async () => {
    expect(fieldOf(containerOf(await rendered()), 'image')).toBe(
      `prom-metrics-adapter:${manifest.version}`,
    );
    expect(await notesOf({ files: [oldValues] })).toContain('which is another program');
    const image = { repository: 'mirror.example.com/adapter', tag: 7 };
    expect(fieldOf(containerOf(await renderChart({ values: { image } })), 'image')).toBe(
      'mirror.example.com/adapter:7',
    );
  });

  it('keep the names of objects if nameOverride is the old name', async () => {
    const values = { nameOverride: 'prometheus-adapter' };
    const release = 'prometheus-adapter';
    const deployment = only(await renderChart({ values, release }), 'Deployment');
    expect(deployment.metadata.name).toBe('prometheus-adapter');
    expect(fieldOf(deployment, 'spec.selector.matchLabels')).toEqual({
      'app.kubernetes.io/name': 'prometheus-adapter',
      'app.kubernetes.io/instance': 'prometheus-adapter',
    });
  });

  it('may have no port, and a disruption budget by minAvailable', async () => {
    const values = {
      prometheus: { url: 'https://prometheus.example.com', port: '' },
      podDisruptionBudget: { minAvailable: 1 },
    };
    const manifests = await renderChart({ values });
    expect(argsOf(manifests)).toContain('--prometheus-url=https://prometheus.example.com');
    const budget = only(manifests, 'PodDisruptionBudget').spec;
    expect(budget).toMatchObject({ minAvailable: 1 });
    expect(budget).not.toHaveProperty('maxUnavailable');
  });

  it.each([0, '0%'])('may have a disruption budget that allows everything: %s', async (none) => {
    const manifests = await renderChart({
      values: { podDisruptionBudget: { minAvailable: none } },
    });
    const budget = only(manifests, 'PodDisruptionBudget').spec;
    expect(budget).toMatchObject({ minAvailable: none });
    expect(budget).not.toHaveProperty('maxUnavailable');
  });
});

describe('rules and APIs', () => {
  const custom = ['v1beta2.custom.metrics.k8s.io', 'v1beta1.custom.metrics.k8s.io'];

  it.each<[Values, readonly string[]]>([
    [{}, custom],
    [{ rules: { default: false } }, []],
    [{ rules: { default: false, custom: [rule] } }, custom],
    [{ rules: { default: false, external: [externalRule] } }, ['v1beta1.external.metrics.k8s.io']],
    [
      { rules: { default: false, existing: 'mine' }, apiServices: { external: true } },
      ['v1beta1.external.metrics.k8s.io'],
    ],
    [{ apiServices: { custom: false, resource: true } }, ['v1beta1.metrics.k8s.io']],
  ])('with %j are registered as needed', async (values, expected) => {
    expect(apiServices(await renderChart({ values }))).toEqual(expected);
  });

  it('always make a file that the program accepts', async () => {
    const manifests = await renderChart({ values: { rules: { default: false } } });
    expect(await checkRules(rulesOf(manifests))).toMatchObject({ code: 0 });
  });

  it('are those of an existing ConfigMap, if one is configured', async () => {
    const manifests = await renderChart({ values: { rules: { existing: 'mine' } } });
    expect(manifests.filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
    expect(listOf(only(manifests, 'Deployment'), 'spec.template.spec.volumes')).toContainEqual({
      name: 'config',
      configMap: { name: 'mine' },
    });
  });

  it('change without a restart: the pod template stays the same', async () => {
    const template = async (values: Values) =>
      fieldOf(only(await renderChart({ values }), 'Deployment'), 'spec.template');
    expect(await template({ rules: { custom: [rule] } })).toEqual(await template({}));
    const mounts = listOf(containerOf(await renderChart()), 'volumeMounts');
    expect(mounts).toContainEqual({ name: 'config', mountPath: '/etc/adapter', readOnly: true });
  });
});

describe('RBAC', () => {
  const roles = async (values: Values) =>
    (await renderChart({ values }))
      .filter(({ kind }) => kind === 'ClusterRole')
      .flatMap((role) => listOf(role, 'rules'));

  it('name every resource, never secrets, and allow list and watch only', async () => {
    const read = (await roles({})).filter(
      (each) =>
        !listOf(each, 'apiGroups').some((group) => String(group).endsWith('metrics.k8s.io')),
    );
    expect(read.flatMap((each) => listOf(each, 'verbs'))).toEqual(
      read.flatMap(() => ['list', 'watch']),
    );
    const resources = read.flatMap((each) => listOf(each, 'resources'));
    expect(resources).toContain('pods');
    for (const wide of ['*', 'secrets', 'configmaps']) expect(resources).not.toContain(wide);
  });

  it('allow autoscalers to read exactly the registered APIs', async () => {
    const groups = async (values: Values) =>
      (await roles(values))
        .flatMap((each) => listOf(each, 'apiGroups'))
        .filter((group) => String(group).endsWith('.metrics.k8s.io'));
    expect(await groups({})).toEqual(['custom.metrics.k8s.io']);
    expect(await groups({ rules: { default: false, external: [externalRule] } })).toEqual([
      'external.metrics.k8s.io',
    ]);
    const autoscaler = (await renderChart({ values: { rules: { external: [externalRule] } } }))
      .filter(({ kind, subjects }) => kind === 'ClusterRoleBinding' && Array.isArray(subjects))
      .filter((each) => fieldOf(listOf(each, 'subjects')[0], 'namespace') === 'kube-system')
      .map((each) => fieldOf(listOf(each, 'subjects')[0], 'name'));
    expect(autoscaler).toEqual(['horizontal-pod-autoscaler', 'horizontal-pod-autoscaler']);
  });

  it('are not created if rbac.create is false', async () => {
    const kinds = (await renderChart({ values: { rbac: { create: false } } })).map(
      ({ kind }) => kind,
    );
    expect(kinds.filter((kind) => kind.includes('Role'))).toEqual([]);
  });
});

describe('pods', () => {
  it('are safe by default', async () => {
    const manifests = await renderChart();
    expect(only(manifests, 'Deployment').spec).toMatchObject({
      replicas: 2,
      strategy: { rollingUpdate: { maxUnavailable: 0 } },
      template: {
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          topologySpreadConstraints: [
            { topologyKey: 'kubernetes.io/hostname' },
            { topologyKey: 'topology.kubernetes.io/zone' },
          ],
        },
      },
    });
    expect(containerOf(manifests)).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        runAsUser: 10001,
      },
      resources: {
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: `${MEMORY_BYTES / 2 ** 20}Mi` },
      },
      startupProbe: { httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' } },
    });
    expect(only(manifests, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });

  it.each<[string, Values, unknown]>([
    [
      'a request above the default limit raises the limit',
      { requests: { memory: '512Mi' } },
      { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '512Mi' } },
    ],
    [
      'a limit below the default request lowers the request',
      { limits: { cpu: 0.05, memory: '134217728' } },
      {
        requests: { cpu: 0.05, memory: '134217728' },
        limits: { cpu: 0.05, memory: '134217728' },
      },
    ],
    [
      'others do not change',
      { requests: { memory: '1G' }, limits: { cpu: '1', memory: '1Gi' } },
      { requests: { cpu: '100m', memory: '1G' }, limits: { cpu: '1', memory: '1Gi' } },
    ],
    ['the limit can be left out', { limits: null }, { requests: { cpu: '100m', memory: '192Mi' } }],
  ])('%s', async (_, resources, expected) => {
    expect(fieldOf(containerOf(await renderChart({ values: { resources } })), 'resources')).toEqual(
      expected,
    );
  });

  it('have only the configured handler of a probe', async () => {
    const startupProbe = { tcpSocket: { port: 'https' } };
    const livenessProbe = { httpGet: { path: '/healthz' } };
    const manifests = await renderChart({ values: { startupProbe, livenessProbe } });
    const startup = fieldOf(containerOf(manifests), 'startupProbe');
    expect(startup).toMatchObject({ tcpSocket: { port: 'https' }, periodSeconds: 1 });
    expect(startup).not.toHaveProperty('httpGet');
    expect(containerOf(manifests)).toMatchObject({
      livenessProbe: { httpGet: { path: '/healthz', port: 'https', scheme: 'HTTPS' } },
    });
  });
});

describe('limits', () => {
  const flags = async (values: Values) => argsOf(await renderChart({ values }));
  const limitFlags = /^--(max-|prometheus-max-|prometheus-partial)/;

  it('are those of the program by default', async () => {
    expect((await flags({})).filter((flag) => limitFlags.test(flag))).toEqual([]);
  });

  it('become flags, 0 and large numbers too', async () => {
    const limits = { requestsInFlight: 0, connections: 10_000_000, unsentBytes: '64Mi' };
    const prometheus = { partialAnswers: 'refuse' };
    expect((await flags({ limits, prometheus })).filter((flag) => limitFlags.test(flag))).toEqual([
      '--prometheus-partial-answers=refuse',
      '--max-connections=10000000',
      '--max-requests-inflight=0',
      '--max-unsent-bytes=64Mi',
    ]);
  });
});

describe('certificates', () => {
  const trust = async (values: Values) => {
    const manifests = await renderChart({ values });
    const secret = manifests.find(({ kind }) => kind === 'Secret');
    const api = only(manifests, 'APIService', 'v1beta2.custom.metrics.k8s.io');
    return { secret, api, args: argsOf(manifests) };
  };

  it('are made by helm, and the API server verifies them', async () => {
    const { secret, api, args } = await trust({});
    const data = Object(secret?.data);
    expect(fieldOf(api, 'spec.caBundle')).toBe(Reflect.get(data, 'ca.crt'));
    expect(fieldOf(api, 'spec')).not.toHaveProperty('insecureSkipTLSVerify');
    expect(args).toContain('--tls-cert-file=/var/run/serving-cert/tls.crt');
  });

  it('are given in values', async () => {
    const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n`;
    const tls = { enable: true, ca: pem('ca'), certificate: pem('crt'), key: pem('key') };
    const { secret, api } = await trust({ tls });
    const encoded = (name: string) => Buffer.from(pem(name)).toString('base64');
    expect(secret?.data).toEqual({
      'ca.crt': encoded('ca'),
      'tls.crt': encoded('crt'),
      'tls.key': encoded('key'),
    });
    expect(fieldOf(api, 'spec.caBundle')).toBe(encoded('ca'));
  });

  it('come from cert-manager', async () => {
    const { secret, api, args } = await trust({ certManager: { enabled: true } });
    expect(secret).toBeUndefined();
    expect(api.metadata.annotations).toMatchObject({
      'cert-manager.io/inject-ca-from': 'monitoring/adapter-prom-metrics-adapter-root-cert',
    });
    expect(args).toContain('--tls-cert-file=/var/run/serving-cert/tls.crt');
  });

  it('are not verified during a migration', async () => {
    const { secret, api, args } = await trust({ tls: { insecureSkipVerify: true } });
    expect(secret).toBeDefined();
    expect(api.spec).toMatchObject({ insecureSkipTLSVerify: true });
    expect(api.spec).not.toHaveProperty('caBundle');
    expect(args).toContain('--tls-cert-file=/var/run/serving-cert/tls.crt');
  });

  it('are created by the adapter if nothing else is configured', async () => {
    const { secret, api, args } = await trust({ tls: { generate: { enabled: false } } });
    expect(secret).toBeUndefined();
    expect(api.spec).toMatchObject({ insecureSkipTLSVerify: true });
    expect(args.filter((arg) => arg.startsWith('--tls-cert-file'))).toEqual([]);
  });
});

describe('monitoring', () => {
  const rendered = () => renderChart({ files: [allValues] });

  async function withFile<T>(content: unknown, use: (file: string) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(join(tmpdir(), 'promtool-'));
    try {
      const file = join(directory, 'file.yaml');
      await writeFile(file, dump(content));
      return await use(file);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async function alertGroups(): Promise<unknown> {
    return { groups: listOf(only(await rendered(), 'PrometheusRule'), 'spec.groups') };
  }

  async function dashboardQueries(): Promise<readonly string[]> {
    const config = only(await rendered(), 'ConfigMap', 'adapter-prom-metrics-adapter-dashboard');
    const text = Reflect.get(Object(config.data), 'prom-metrics-adapter.json');
    return listOf(JSON.parse(String(text)), 'panels')
      .flatMap((panel) => listOf(panel, 'targets'))
      .map((target) => String(fieldOf(target, 'expr')));
  }

  it('is off by default', async () => {
    const kinds = (await renderChart()).map(({ kind }) => kind);
    expect(kinds).not.toContain('ServiceMonitor');
    expect(kinds).not.toContain('PrometheusRule');
    expect(kinds.filter((kind) => kind === 'ConfigMap')).toHaveLength(1);
  });

  it('scrapes the metrics of the adapter, with a token', async () => {
    const [endpoint] = listOf(only(await rendered(), 'ServiceMonitor'), 'spec.endpoints');
    expect(endpoint).toMatchObject({
      port: 'https',
      scheme: 'https',
      bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
      tlsConfig: {
        serverName: 'adapter-prom-metrics-adapter.monitoring.svc',
        ca: { secret: { name: 'adapter-prom-metrics-adapter', key: 'ca.crt' } },
      },
    });
  });

  it('has only the configured authentication of Prometheus', async () => {
    const authorization = { credentials: { name: 'prometheus', key: 'token' } };
    const values = { serviceMonitor: { enabled: true, authentication: { authorization } } };
    const monitor = only(await renderChart({ values }), 'ServiceMonitor');
    const [endpoint] = listOf(monitor, 'spec.endpoints');
    expect(fieldOf(endpoint, 'authorization')).toEqual(authorization);
    expect(fieldOf(endpoint, 'bearerTokenFile')).toBeUndefined();
  });

  it('accepts any certificate from another namespace only without a CA in the values', async () => {
    const unnamed = { enabled: true, namespace: 'elsewhere' };
    const far = async (serviceMonitor: object) => {
      const manifests = await renderChart({ values: { serviceMonitor } });
      return listOf(only(manifests, 'ServiceMonitor'), 'spec.endpoints')[0];
    };
    expect(await far(unnamed)).toMatchObject({ tlsConfig: { insecureSkipVerify: true } });
    expect(await notesOf({ values: { serviceMonitor: unnamed } })).toContain(
      'serviceMonitor.tlsConfig',
    );
    const tlsConfig = { ca: { configMap: { name: 'adapter-ca', key: 'ca.crt' } } };
    const named = { ...unnamed, tlsConfig };
    expect(fieldOf(await far(named), 'tlsConfig')).toEqual(tlsConfig);
    expect(await notesOf({ values: { serviceMonitor: named } })).not.toContain('tlsConfig');
  });

  it('uses metrics that the program has', async () => {
    const metrics = createMonitoring();
    const { body } = await metrics.render();
    const known = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const queries = [...(await dashboardQueries()), JSON.stringify(await alertGroups())];
    const used = queries
      .join('\n')
      .matchAll(/\b((?:prom_metrics_adapter|process|nodejs)_[a-z0-9_]+)(?=\{)/g);
    const names = new Set([...used].map(([, name = '']) => name.replace(/_bucket$/, '')));
    expect(names.size).toBeGreaterThan(10);
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
  });

  it('has alerts and dashboard queries that Prometheus accepts', async () => {
    const { promtool } = await ensurePrometheus();
    await withFile(await alertGroups(), (file) => runCommand(promtool, ['check', 'rules', file]));
    const queries = (await dashboardQueries()).map((expr, index) => ({
      record: `query_${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    expect(queries.length).toBeGreaterThan(15);
    await withFile({ groups: [{ name: 'dashboard', rules: queries }] }, (file) =>
      runCommand(promtool, ['check', 'rules', file]),
    );
  });

  it('has alerts that fire under their conditions only', async () => {
    const { promtool } = await ensurePrometheus();
    const alerts = await alertGroups();
    const names = listOf(listOf(alerts, 'groups')[0], 'rules').map((each) =>
      fieldOf(each, 'alert'),
    );
    const custom = ',group="custom.metrics.k8s.io"';
    const health = ',group=""';
    // In a healthy adapter, and in an unhealthy one. Series that must not count are in the first.
    const series: readonly (readonly [string, string, string, string])[] = [
      ['config_last_reload_successful', '', '1x60', '0x60'],
      ['relists_total', ',outcome="success"', '0+1x60', '9x60'],
      ['relists_total', ',outcome="failure"', '0x60', '0+1x60'],
      ['rules_failing', ',api="custom"', '0x15 2x25 0x20', '2x60'],
      ['prometheus_requests_total', ',outcome="success"', '0+95x60', '0+50x60'],
      ['prometheus_requests_total', ',outcome="timeout"', '0+5x60', '0+50x60'],
      ['prometheus_requests_total', ',outcome="canceled"', '0+50x60', '0x60'],
      ['prometheus_circuit_open', '', '0x37 1x3 0x20', '1x60'],
      ['api_requests_total', `${custom},code="200"`, '0+97x60', '0+90x60'],
      ['api_requests_total', `${custom},code="503"`, '0+3x60', '0+10x60'],
      ['api_requests_total', `${health},code="500"`, '0+90x60', '0x60'],
      ['api_request_duration_seconds_bucket', `${custom},le="1"`, '0+99x60', '0x60'],
      ['api_request_duration_seconds_bucket', `${custom},le="5"`, '0+99x60', '0+99x60'],
      ['api_request_duration_seconds_bucket', `${custom},le="+Inf"`, '0+99x60', '0+99x60'],
      ['api_request_duration_seconds_bucket', `${health},le="1"`, '0x60', '0x60'],
      ['api_request_duration_seconds_bucket', `${health},le="5"`, '0+99x60', '0x60'],
      ['api_request_duration_seconds_bucket', `${health},le="+Inf"`, '0+99x60', '0x60'],
    ];
    const input = (isWell: boolean) => {
      const labels = 'namespace="monitoring",job="adapter-prom-metrics-adapter",pod="a"';
      return [
        { series: `up{${labels}}`, values: isWell ? '1x60' : '0x60' },
        ...series.map(([name, more, well, unwell]) => ({
          series: `prom_metrics_adapter_${name}{${labels}${more}}`,
          values: isWell ? well : unwell,
        })),
      ];
    };
    const firing = (minutes: number, expected: readonly unknown[]) => ({
      expr: 'count by (alertname) (ALERTS{alertstate="firing",team="platform"})',
      eval_time: `${minutes}m`,
      exp_samples: expected.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
    });
    const tests = [
      { interval: '1m', input_series: input(true), promql_expr_test: [firing(40, [])] },
      {
        interval: '1m',
        input_series: input(false),
        promql_expr_test: [firing(4, []), firing(40, names)],
      },
    ];
    await withFile(alerts, (rules) =>
      withFile({ rule_files: [rules], evaluation_interval: '1m', tests }, (file) =>
        runCommand(promtool, ['test', 'rules', file]),
      ),
    );
  });

  it('can leave out single alerts', async () => {
    const values = { prometheusRule: { enabled: true, disabled: ['PromMetricsAdapterSlow'] } };
    const [group] = listOf(only(await renderChart({ values }), 'PrometheusRule'), 'spec.groups');
    const names = listOf(group, 'rules').map((each) => fieldOf(each, 'alert'));
    expect(names).toContain('PromMetricsAdapterDown');
    expect(names).not.toContain('PromMetricsAdapterSlow');
  });
});
