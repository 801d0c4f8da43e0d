import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../scripts/parts/command.ts';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import {
  containerQueries,
  nodeQueries,
  type UsageQueries,
} from '../../src/metrics/resource-queries.ts';
import { readConfiguration } from '../../src/sources/file/configuration.ts';
import type { Manifest } from '../e2e/kubectl.ts';
import {
  chartDirectory,
  fieldOf,
  helm,
  listOf,
  only,
  renderChart,
  type Values,
  withValues,
} from './helm.ts';
import { checkRules } from './rules-check.ts';

const API = 'v1beta1.metrics.k8s.io';
const defaultRules = { rules: { default: false, defaultResource: true } };

const ownRules = (() => {
  const overrides = { node: { resource: 'node' }, ns: { resource: 'namespace' } };
  const rule = (series: string) => ({
    containerQuery: `sum(${series}{<<.LabelMatchers>>}) by (<<.GroupBy>>)`,
    nodeQuery: `sum(node_${series}{<<.LabelMatchers>>}) by (<<.GroupBy>>)`,
    resources: { overrides: { ...overrides, pod: { resource: 'pod' } } },
    containerLabel: 'container',
  });
  return { cpu: rule('cpu'), memory: rule('memory'), window: '1m' };
})();

function registers(manifests: readonly Manifest[]): boolean {
  return manifests.some(({ kind, metadata }) => kind === 'APIService' && metadata.name === API);
}

function rulesOf(manifests: readonly Manifest[]): string {
  const { data } = only(manifests, 'ConfigMap', 'adapter-prom-metrics-adapter');
  return String(Reflect.get(Object(data), 'config.yaml'));
}

/** The resources that the adapter may list and watch, as `group/resource`. */
async function readable(values: Values): Promise<readonly string[]> {
  const manifests = await renderChart({ values });
  return manifests
    .filter(
      ({ kind, metadata }) => kind === 'ClusterRole' && /resource-reader$/.test(metadata.name),
    )
    .flatMap((role) => listOf(role, 'rules'))
    .flatMap((rule) => {
      expect(listOf(rule, 'verbs')).toEqual(['list', 'watch']);
      const [group] = listOf(rule, 'apiGroups');
      return listOf(rule, 'resources').map((resource) => `${group}/${resource}`);
    });
}

async function notes(values: Values): Promise<string> {
  return withValues({ values }, async (flags) => {
    const dryRun = ['--dry-run=client', '-n', 'monitoring', ...flags];
    return (await helm('install', 'adapter', chartDirectory, ...dryRun)).split('NOTES:')[1] ?? '';
  });
}

describe('rules for CPU and memory', () => {
  it('are off by default: the API is left to metrics-server', async () => {
    const manifests = await renderChart();
    expect(registers(manifests)).toBe(false);
    expect(load(rulesOf(manifests))).not.toHaveProperty('resourceRules');
    expect(await notes({})).not.toContain('metrics-server');
  });

  it('are rules that the program takes, and register the API', async () => {
    const manifests = await renderChart({ values: defaultRules });
    expect(registers(manifests)).toBe(true);
    const { code, output } = await checkRules(rulesOf(manifests), '--strict');
    expect([code, output]).toEqual([0, expect.stringContaining('resourceRules.memory')]);
    const file = join(chartDirectory, 'files/default-resource-rules.yaml');
    expect(fieldOf(load(rulesOf(manifests)), 'resourceRules')).toEqual(
      load(await readFile(file, 'utf8')),
    );
  });

  it('stay beside other rules', async () => {
    const values = { rules: { defaultResource: true } };
    const rules = load(rulesOf(await renderChart({ values })));
    expect(listOf(rules, 'rules')).toHaveLength(6);
    expect(fieldOf(rules, 'resourceRules.window')).toBe('3m');
  });

  it('are replaced as a whole by those of rules.resource', async () => {
    const values = { rules: { default: false, defaultResource: true, resource: ownRules } };
    const manifests = await renderChart({ values });
    expect(load(rulesOf(manifests))).toEqual({ resourceRules: ownRules });
    expect(registers(manifests)).toBe(true);
    expect(await notes(values)).toContain('rules.defaultResource has no effect');
  });

  it('can be tried before the API is taken over', async () => {
    const values = { ...defaultRules, apiServices: { resource: false } };
    const manifests = await renderChart({ values });
    expect(registers(manifests)).toBe(false);
    expect(load(rulesOf(manifests))).toHaveProperty('resourceRules');
    expect(await notes(values)).toContain(`kubectl get apiservice ${API}`);
  });

  it('cannot be added to a ConfigMap of your own', async () => {
    const values = { rules: { ...defaultRules.rules, existing: 'mine' } };
    await expect(renderChart({ values })).rejects.toThrow(
      'rules.defaultResource: it cannot be added to the rules of rules.existing',
    );
    const type = { rules: { defaultResource: 'yes' } };
    await expect(renderChart({ values: type })).rejects.toThrow(/defaultResource.*boolean/s);
  });

  it('bring the right to list and watch pods and nodes, for any other readable resources', async () => {
    const core = (...resources: readonly string[]) => ({ apiGroups: [''], resources });
    const apps = { apiGroups: ['apps'], resources: ['*'] };
    const cases: readonly (readonly [readonly unknown[], readonly string[]])[] = [
      [[], ['/nodes', '/pods']],
      [[apps], ['apps/*', '/nodes', '/pods']],
      [[core('services', 'pods')], ['/services', '/pods', '/nodes']],
      [[core('*')], ['/*']],
    ];
    for (const [readableResources, expected] of cases) {
      const rbac = { readableResources };
      expect(await readable({ ...defaultRules, rbac })).toEqual(expected);
      expect(await readable({ ...defaultRules, rbac, apiServices: { resource: false } })).toEqual(
        expected,
      );
    }
    expect(await readable(defaultRules)).toEqual(await readable({}));
    expect(await readable({ rbac: { readableResources: [] } })).toEqual([]);
  });

  it('come with notes on the way over and back', async () => {
    const text = await notes(defaultRules);
    expect(text).toContain(API);
    expect(text).toContain('apiServices.resource=false');
    expect(text).toContain('rbac.aggregateToView=true');
    expect(await notes({ ...defaultRules, rbac: { aggregateToView: true } })).not.toContain(
      'rbac.aggregateToView=true',
    );
  });
});

type Labels = Readonly<Record<string, string>>;

/** A series for `promtool test rules`, in its notation for values. */
interface InputSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly values: string;
}

/** Samples each 30 seconds for ten minutes. */
const counter = (perSecond: number) => `0+${perSecond * 30}x20`;
const gauge = (value: number) => `${value}x20`;

const kubelet = (instance: string, node: string): Labels => ({
  job: 'kubelet',
  metrics_path: '/metrics/cadvisor',
  instance,
  node,
});

function cadvisor(target: Labels, labels: Labels, cores: number, bytes: number) {
  return [
    {
      name: 'container_cpu_usage_seconds_total',
      labels: { ...target, cpu: 'total', ...labels },
      values: counter(cores),
    },
    {
      name: 'container_memory_working_set_bytes',
      labels: { ...target, ...labels },
      values: gauge(bytes),
    },
  ];
}

function containerIn(namespace: string, pod: string, container: string): Labels {
  const id = `/kubepods/${namespace}/${pod}/${container}`;
  return { id, name: id, image: 'registry/image', namespace, pod, container };
}

/** Two kubelets; the second is scraped through two Services. Each pod has its cgroup and a sandbox. */
function containerSeries(): readonly InputSeries[] {
  const first = kubelet('10.0.0.1:10250', 'node-1');
  const second = kubelet('10.0.0.2:10250', 'node-2');
  const again = { ...second, service: 'kubelet-of-old' };
  const web = { id: '/kubepods/shop/web', namespace: 'shop', pod: 'web' };
  return [
    ...cadvisor(first, containerIn('shop', 'web', 'main'), 0.5, 100),
    ...cadvisor(first, containerIn('shop', 'web', 'sidecar'), 0.25, 20),
    // The same container before a restart.
    ...cadvisor(first, { ...containerIn('shop', 'web', 'sidecar'), id: '/old' }, 0.125, 8),
    ...cadvisor(first, web, 0.75, 120),
    ...cadvisor(first, { ...containerIn('shop', 'web', 'POD'), id: '/sandbox' }, 0.5, 1),
    ...cadvisor(second, containerIn('billing', 'web', 'main'), 2, 400),
    ...cadvisor(again, containerIn('billing', 'web', 'main'), 2, 400),
    // The same container by the kubelet's /metrics/resource.
    ...cadvisor(
      { ...second, metrics_path: '/metrics/resource' },
      { namespace: 'billing', pod: 'web', container: 'main' },
      2,
      400,
    ),
  ];
}

/** As with kube-prometheus, whose kubelets tell their nodes' root cgroup. */
const rootCgroups: readonly InputSeries[] = [
  ...cadvisor(kubelet('10.0.0.1:10250', 'node-1'), { id: '/', namespace: 'kube-system' }, 3, 1000),
  ...cadvisor(kubelet('10.0.0.2:10250', 'node-2'), { id: '/', namespace: 'kube-system' }, 4, 2000),
];

/** node-exporter on both nodes, and where its pods run. */
function nodeExporters(instances: readonly [string, string]): readonly InputSeries[] {
  return instances.flatMap((instance, i) => {
    const pod = `node-exporter-${i}`;
    const target = { job: 'node-exporter', namespace: 'monitoring', pod, instance };
    const mode = (cpu: string, mode: string, cores: number) => ({
      name: 'node_cpu_seconds_total',
      labels: { ...target, cpu, mode },
      values: counter(cores),
    });
    const info = { namespace: 'monitoring', pod, node: `node-${i + 1}`, uid: 'a' };
    return [
      mode('0', 'user', 0.5),
      mode('1', 'user', 0.25),
      mode('1', 'system', 0.25 * i),
      mode('0', 'idle', 0.5),
      mode('1', 'iowait', 0.125),
      { name: 'node_memory_MemTotal_bytes', labels: target, values: gauge(8000) },
      { name: 'node_memory_MemAvailable_bytes', labels: target, values: gauge(5000 - 1000 * i) },
      // By kube-state-metrics, twice while it is being replaced.
      { name: 'kube_pod_info', labels: { ...info, instance: 'old' }, values: gauge(1) },
      { name: 'kube_pod_info', labels: { ...info, instance: 'new' }, values: gauge(1) },
    ];
  });
}

/** The query that the adapter puts. */
async function queryOf(question: UsageQueries): Promise<string> {
  const asked: string[] = [];
  await question((query, read) => {
    asked.push(query);
    return read([]);
  });
  expect(asked).toHaveLength(1);
  return String(asked[0]);
}

async function compiledRules() {
  const manifests = await renderChart({ values: defaultRules });
  const { configuration } = readConfiguration('chart', rulesOf(manifests), {
    mapper: builtinResourceMapper(),
    checkPromql: true,
    unknownResource: 'error',
  });
  if (configuration?.resource === undefined) throw new Error('expected resource rules');
  return configuration.resource;
}

const mapper = builtinResourceMapper();
const nodes = ['node-1', 'node-2'].map((name) => ({ namespace: undefined, name, labels: {} }));
const pod = (namespace: string) => ({ namespace, name: 'web', labels: {} });

/** Has Prometheus's own engine answer a query over series: its samples must be these. */
async function expectSamples(
  series: readonly InputSeries[],
  query: string,
  samples: readonly (readonly [Labels, number])[],
): Promise<void> {
  const test = {
    interval: '30s',
    input_series: series.map(({ name, labels, values }) => ({
      series: `${name}${selector(labels)}`,
      values,
    })),
    promql_expr_test: [
      {
        expr: `round(${query}, 0.001)`,
        eval_time: '10m',
        exp_samples: samples.map(([labels, value]) => ({ labels: selector(labels), value })),
      },
    ],
  };
  const { promtool } = await ensurePrometheus();
  const directory = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const file = join(directory, 'test.yaml');
    await writeFile(file, dump({ rule_files: [], evaluation_interval: '30s', tests: [test] }));
    await runCommand(promtool, ['test', 'rules', file]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function selector(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${pairs.join()}}`;
}

describe('the default queries', () => {
  it('count each container of a pod once, and nothing that is none', async () => {
    const { cpu, memory } = await compiledRules();
    const ask = async (rule: typeof cpu, ...namespaces: readonly string[]) =>
      queryOf(await containerQueries(rule, mapper, namespaces.map(pod)));
    const container = (namespace: string, name: string) => ({
      namespace,
      pod: 'web',
      container: name,
    });
    await expectSamples(containerSeries(), await ask(cpu, 'billing', 'shop'), [
      [container('billing', 'main'), 2],
      [container('shop', 'main'), 0.5],
      [container('shop', 'sidecar'), 0.375],
    ]);
    await expectSamples(containerSeries(), await ask(memory, 'billing', 'shop'), [
      [container('billing', 'main'), 400],
      [container('shop', 'main'), 100],
      [container('shop', 'sidecar'), 20],
    ]);
    await expectSamples(containerSeries(), await ask(memory, 'billing'), [
      [{ pod: 'web', container: 'main' }, 400],
    ]);
  });

  const withRoot = { cpu: [3, 4], memory: [1000, 2000] } as const;
  const withoutRoot = { cpu: [0.75, 1], memory: [3000, 4000] } as const;

  it.each([
    ['kube-prometheus', rootCgroups, ['node-1', 'node-2'], withRoot],
    ['kube-prometheus-stack', [], ['10.0.0.1:9100', '10.0.0.2:9100'], withoutRoot],
  ] as const)('know nodes by the series of %s', async (_, kubelets, instances, expected) => {
    const series = [...containerSeries(), ...kubelets, ...nodeExporters(instances)];
    const rules = await compiledRules();
    for (const name of ['cpu', 'memory'] as const) {
      const [first, second] = expected[name];
      const ask = async (asked: typeof nodes) =>
        queryOf(await nodeQueries(rules[name], mapper, asked));
      await expectSamples(series, await ask(nodes), [
        [{ node: 'node-1' }, first],
        [{ node: 'node-2' }, second],
      ]);
      await expectSamples(series, await ask(nodes.slice(1)), [[{ node: 'node-2' }, second]]);
    }
  });
});
