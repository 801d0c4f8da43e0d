import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import type { ObjectIdentity } from '../../src/metrics/objects.ts';
import { createResourceMetrics, type ResourceMetrics } from '../../src/metrics/resource.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import { prometheusServers } from '../../src/prometheus/servers.ts';
import { startPrometheusWith } from '../fixtures/real-servers.ts';
import { resourceRules } from '../fixtures/resource-rules.ts';
import { type RecordingProxy, startRecordingProxy } from '../golden/recording-proxy.ts';

const NAMESPACES = 40;
const PODS_IN_EACH = 50;

const pods: readonly ObjectIdentity[] = Array.from({ length: NAMESPACES }, (_, n) => n).flatMap(
  (n) =>
    // The same names in every namespace: only together with the namespace do they tell a pod.
    Array.from({ length: PODS_IN_EACH }, (_, p) => ({
      namespace: `ns-${String(n).padStart(2, '0')}`,
      name: `web-${String(p).padStart(2, '0')}`,
      labels: {},
    })),
);
const nodes: readonly ObjectIdentity[] = [{ namespace: undefined, name: 'node-0', labels: {} }];

const NOW = Math.floor(Date.now() / 1000);
const times = [NOW - 60, NOW];

/** Of pod p of namespace n: n + p/1000 cores, and p MiB. */
function cpuOf(n: number, p: number): number {
  return n + p / 1000;
}

function history(): string {
  const gauge = (name: string, samples: readonly (readonly [string, number])[]) => [
    `# TYPE ${name} gauge`,
    ...samples.flatMap(([labels, value]) => times.map((at) => `${name}{${labels}} ${value} ${at}`)),
  ];
  const ofPods = (value: (n: number, p: number) => number) =>
    pods.map(({ namespace = '', name }): [string, number] => [
      `namespace="${namespace}",pod="${name}",container="main"`,
      value(Number(namespace.slice(3)), Number(name.slice(4))),
    ]);
  return [
    ...gauge('cpu', ofPods(cpuOf)),
    ...gauge(
      'mem',
      ofPods((_, p) => p * 2 ** 20),
    ),
    ...gauge('cpu_n', [['node="node-0"', 3]]),
    ...gauge('mem_n', [['node="node-0"', 4096]]),
    '# EOF\n',
  ].join('\n');
}

let prometheus: RunningPrometheus;
let proxy: RecordingProxy;
let client: PrometheusClient;

beforeAll(async () => {
  prometheus = await startPrometheusWith(history());
  proxy = await startRecordingProxy(prometheus.url);
  client = createPrometheusClient({ url: proxy.url });
});

afterAll(async () => {
  client?.close();
  await proxy?.close();
  await prometheus?.stop();
});

function metricsOf(rules: Parameters<typeof resourceRules>[0]): ResourceMetrics {
  return createResourceMetrics({
    rules: () => resourceRules(rules),
    mapper: builtinResourceMapper,
    objects: {
      list: async ({ resource }) => (resource.resource === 'nodes' ? nodes : pods),
    },
    servers: prometheusServers(client),
    onAnswer: () => undefined,
  });
}

const everything = { selector: [], fields: [] };

test('2,000 pods of 40 namespaces, and the nodes, cost 4 queries', async () => {
  const metrics = metricsOf({});
  proxy.takeRequests();
  const ofPods = await metrics.pods({ namespace: undefined, ...everything });
  const ofNodes = await metrics.nodes(everything);
  const asked = proxy.takeRequests();

  expect(asked).toHaveLength(4);
  const longest = Math.max(...asked.map(({ parameters }) => String(parameters).length));
  expect(longest).toBeLessThan(2000);
  expect(ofPods.map(({ object }) => object)).toEqual(pods);
  for (const { object, containers } of ofPods) {
    const n = Number(object.namespace?.slice(3));
    const p = Number(object.name.slice(4));
    const usage = {
      cpu: BigInt(Math.trunc(cpuOf(n, p) * 1000)),
      memory: BigInt(p * 2 ** 20) * 1000n,
    };
    expect(containers).toEqual([{ name: 'main', usage }]);
  }
  expect(ofNodes).toMatchObject([{ usage: { cpu: 3000n, memory: 4_096_000n } }]);
});

test('a rule with its own grouping gives the same values', async () => {
  const [together, separately] = await Promise.all([
    metricsOf({}).pods({ namespace: undefined, ...everything }),
    metricsOf({ grouping: 'pod, container' }).pods({ namespace: undefined, ...everything }),
  ]);
  const withoutTime = (all: typeof together) =>
    all.map(({ object, containers }) => ({ object, containers }));
  expect(withoutTime(separately)).toEqual(withoutTime(together));
});

test.each([{ cpu: 'cpu[' }, { memory: 'mem[' }])(
  'where one of the queries fails (%o) there is no list that looks complete',
  async (broken) => {
    await expect(
      metricsOf(broken).pods({ namespace: undefined, ...everything }),
    ).rejects.toMatchObject({ reason: 'InternalError', message: 'unable to fetch metrics' });
  },
);
