import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import type { InstalledAdapter } from './adapter.ts';
import { autoscaler, autoscalerResource, rescaleMessages } from './autoscaler.ts';
import { test } from './cluster.ts';
import { deployment } from './deployment.ts';
import { DISCOVERY_REFRESH, type Kubectl, type Manifest } from './kubectl.ts';
import { type FollowedPods, followRunningPods, runningPods, type Series } from './workload.ts';

const MEBIBYTE = 2 ** 20;

/** Cores that all pods of `web` use together. */
const load = { web: 0.04 };

let cluster: Cluster;
let kubectl: Kubectl;
let web: FollowedPods;
let ledger: FollowedPods;
let client: PrometheusClient;
let adapter: InstalledAdapter;

test.beforeAll(async ({ environment }) => {
  ({ cluster, kubectl } = environment);
  const { createNamespace, fileResources, install, startScraping } = environment;
  await createNamespace('store');
  await createNamespace('billing');
  const follow = (namespace: string, app: string) =>
    fileResources.adopt(followRunningPods(kubectl, namespace, app), (it) => it.stop());
  web = follow('store', 'web');
  ledger = follow('billing', 'ledger');
  const { url } = await startScraping(currentSeries, 3);
  client = fileResources.adopt(createPrometheusClient({ url }), (it) => it.close());
  await kubectl.apply(deployment('store', 'web', 1), deployment('billing', 'ledger', 3));
  adapter = await install({ rules: rules(), prometheusUrl: url });
  const api = apiService();
  await kubectl.apply(api);
  fileResources.defer(() => kubectl.delete(api));
  await kubectl.run(
    'wait',
    '--for=condition=Available',
    '--timeout=60s',
    'apiservice/v1beta1.metrics.k8s.io',
  );
  // An API server can answer 404 for a moment after it reports the API as available.
  while ((await top('node').catch(() => [])).length === 0) await sleep(200);
  // One of web, two of each ledger; the time of this hook is its limit.
  while ((await containersInPrometheus()).length < 1 + 2 * 3) await sleep(200);
});

describe('kubectl top pod', () => {
  test('--containers -A lists every container with the values in Prometheus', async () => {
    const expected = (await containersInPrometheus()).map(({ namespace, pod, name, cpu, memory }) =>
      [namespace, pod, name, cores(cpu), mebibytes(memory)].join(' '),
    );
    await expect
      .poll(() => top('pod', '--containers', '--all-namespaces'), { timeout: 30_000 })
      .toEqual(expect.arrayContaining(expected));
    expect(await top('pod', '--containers', '--all-namespaces')).toHaveLength(expected.length);
  });

  test('adds up the containers of a pod, and sorts by the given resource', async () => {
    const containers = await containersInPrometheus();
    const ofLedger = Map.groupBy(
      containers.filter(({ namespace }) => namespace === 'billing'),
      ({ pod }) => pod,
    );
    const pods = [...ofLedger].map(([pod, own]) => ({
      pod,
      cpu: own.reduce((sum, { cpu }) => sum + cpu, 0),
      memory: own.reduce((sum, { memory }) => sum + memory, 0),
    }));
    const line = ({ pod, cpu, memory }: (typeof pods)[number]) =>
      [pod, cores(cpu), mebibytes(memory)].join(' ');
    for (const key of ['cpu', 'memory'] as const) {
      expect(await top('pod', '--namespace=billing', `--sort-by=${key}`)).toEqual(
        pods.toSorted((a, b) => b[key] - a[key]).map(line),
      );
    }
  });

  test('-l and a name pick pods', async () => {
    const [first = '', ...others] = await runningPods(kubectl, 'billing', 'ledger');
    expect(others).toHaveLength(2);
    expect(await top('pod', '--all-namespaces', '--selector=app=ledger')).toHaveLength(3);
    expect(await top('pod', '--all-namespaces', '--selector=app!=ledger')).toEqual([
      expect.stringMatching(/^store web-/),
    ]);
    expect(await top('pod', first, '--namespace=billing')).toEqual([
      expect.stringMatching(new RegExp(`^${first} \\d+m \\d+Mi$`)),
    ]);
    await expect(top('pod', 'missing', '--namespace=billing')).rejects.toThrow('NotFound');
  });
});

test('kubectl top node shows the usage of the node, and its share of the capacity', async () => {
  // Of 64 cores and 256 GiB.
  expect(await top('node')).toEqual(['node-0 2500m 3% 8192Mi 3%']);
  expect(await top('node', '--sort-by=memory', '--selector=kubernetes.io/hostname=node-0')).toEqual(
    ['node-0 2500m 3% 8192Mi 3%'],
  );
  await expect(top('node', '--selector=kubernetes.io/hostname=other')).rejects.toThrow(
    'metrics not available yet',
  );
});

test('kubectl get shows metrics as tables, and lists their kinds', async () => {
  const [header, row] = lines(await kubectl.run('get', 'nodes.metrics.k8s.io'));
  expect(header?.toLowerCase()).toBe('name cpu memory window');
  expect(row).toBe('node-0 2500m 8Gi 5s');
  const rows = lines(
    await kubectl.run('get', 'pods.metrics.k8s.io', '--namespace=billing', '--no-headers'),
  );
  expect(rows).toHaveLength(3);
  expect(rows.every((each) => / \d+m \S+ 5s$/.test(each))).toBe(true);
  // It fails while the discovery of any API fails, as it may shortly after its registration.
  const resources = () =>
    kubectl.run('api-resources', '--api-group=metrics.k8s.io', '--output=name').catch(String);
  await expect.poll(resources, DISCOVERY_REFRESH).toBe('nodes.metrics.k8s.io\npods.metrics.k8s.io');
});

test('the autoscaler scales on CPU utilization, up and down', async () => {
  await kubectl.apply(
    autoscaler(cluster.minor, 'store', 'web', 6, {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
    }),
  );
  // Each pod requests 0.1 cores.
  load.web = 0.2;
  await untilReplicas(4);
  load.web = 0.04;
  await untilReplicas(1);
  // An event is written by the way: the pods can be there before it.
  const messages = () => rescaleMessages(kubectl, 'store');
  await expect.poll(messages).toMatch(/New size: \d; reason: cpu resource utilization/);
  await expect.poll(messages).toContain('reason: All metrics below target');
});

test('the autoscaler scales on the CPU of one container, up and down', async () => {
  await kubectl.run('delete', '--namespace=store', 'horizontalpodautoscaler', 'web');
  await kubectl.apply(
    autoscaler(cluster.minor, 'store', 'web', 6, {
      type: 'ContainerResource',
      containerResource: {
        name: 'cpu',
        container: 'web',
        target: { type: 'Utilization', averageUtilization: 50 },
      },
    }),
  );
  load.web = 0.15;
  await untilReplicas(3);
  load.web = 0.04;
  await untilReplicas(1);
  const [resource, path] = [autoscalerResource(cluster.minor), '{.status.currentMetrics[0].type}'];
  await expect.poll(() => kubectl.field(resource, 'web', path, 'store')).toBe('ContainerResource');
});

async function untilReplicas(replicas: number): Promise<void> {
  await expect
    .poll(() => kubectl.field('deployment', 'web', '{.status.readyReplicas}', 'store'), {
      timeout: 100_000,
      interval: 300,
    })
    .toBe(String(replicas));
}

/** The lines of `kubectl top`, with one space between columns. */
async function top(...args: readonly string[]): Promise<readonly string[]> {
  return lines(await kubectl.run('top', ...args, '--no-headers'));
}

function lines(text: string): readonly string[] {
  return text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
}

function cores(value: number): string {
  return `${Math.round(value * 1000)}m`;
}

function mebibytes(value: number): string {
  return `${Math.floor(value / MEBIBYTE)}Mi`;
}

interface ContainerInPrometheus {
  readonly namespace: string;
  readonly pod: string;
  readonly name: string;
  readonly cpu: number;
  readonly memory: number;
}

/** The values of the containers in Prometheus, queried without the adapter. */
async function containersInPrometheus(): Promise<readonly ContainerInPrometheus[]> {
  const [cpu, memory] = await Promise.all([
    samples('container_cpu_cores'),
    samples('container_memory_bytes'),
  ]);
  return cpu.map(({ labels, value }) => {
    const { namespace = '', pod = '', container: name = '' } = labels;
    const same = memory.find((each) => each.labels.pod === pod && each.labels.container === name);
    return { namespace, pod, name, cpu: value, memory: same?.value ?? Number.NaN };
  });
}

async function samples(query: string) {
  const answer = await client.query(query, {});
  return answer.type === 'vector' ? [...answer.samples] : [];
}

/** Gauges, so that values do not depend on the time of the query. */
function currentSeries(): readonly Series[] {
  const used = (
    namespace: string,
    pod: string,
    container: string,
    cpu: number,
    mebibytesUsed: number,
  ): readonly Series[] => {
    const labels = { namespace, pod, container };
    return [
      { metric: 'container_cpu_cores', labels, value: cpu },
      { metric: 'container_memory_bytes', labels, value: mebibytesUsed * MEBIBYTE },
    ];
  };
  return [
    ...web.names.flatMap((pod) => used('store', pod, 'web', load.web / web.names.length, 100)),
    ...ledger.names.flatMap((pod, i) => used('billing', pod, 'web', 0.01 * (i + 1), 300 - 10 * i)),
    ...ledger.names.flatMap((pod) => used('billing', pod, 'sidecar', 0.005, 20)),
    { metric: 'node_cpu_cores', labels: { node: 'node-0' }, value: 2.5 },
    { metric: 'node_memory_bytes', labels: { node: 'node-0' }, value: 8192 * MEBIBYTE },
  ];
}

function apiService(): Manifest {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      service: {
        namespace: adapter.namespace,
        name: 'prom-metrics-adapter',
        port: adapter.port,
      },
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      caBundle: Buffer.from(adapter.authority.cert).toString('base64'),
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  };
}

/** The first two lists are for the other APIs, which are registered too. */
function rules(): string {
  const overrides = Object.fromEntries(
    ['namespace', 'pod', 'node'].map((resource) => [resource, { resource }]),
  );
  const sum = (series: string) => `sum by (<<.GroupBy>>) (${series}{<<.LabelMatchers>>})`;
  const listed = {
    seriesQuery: 'container_cpu_cores{namespace!="",pod!=""}',
    resources: { overrides },
    metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})',
  };
  return JSON.stringify({
    rules: [{ ...listed, metricsQuery: sum('<<.Series>>') }],
    externalRules: [listed],
    resourceRules: {
      cpu: {
        containerQuery: sum('container_cpu_cores'),
        nodeQuery: sum('node_cpu_cores'),
        resources: { overrides },
        containerLabel: 'container',
      },
      memory: {
        containerQuery: sum('container_memory_bytes'),
        nodeQuery: sum('node_memory_bytes'),
        resources: { overrides },
        containerLabel: 'container',
      },
      window: '5s',
    },
  });
}
