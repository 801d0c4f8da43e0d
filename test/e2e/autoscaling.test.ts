import { writeFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import type { InstalledAdapter } from './adapter.ts';
import { apiServiceNames } from './adapter-manifests.ts';
import { autoscaler, autoscalerStatus, rescaleMessages } from './autoscaler.ts';
import { test } from './cluster.ts';
import { complaints } from './complaints.ts';
import { deployment } from './deployment.ts';
import { DISCOVERY_REFRESH, type Kubectl, type Manifest } from './kubectl.ts';
import { type FollowedPods, followRunningPods, type Series } from './workload.ts';

const NAMESPACE = 'shop';
const API = '/apis/custom.metrics.k8s.io/v1beta2';

/** Requests per second of all pods of `web` and of the Service `front`, and waiting orders. */
const load = { web: 1, front: 1, orders: 1 };

let cluster: Cluster;
let kubectl: Kubectl;
let pods: FollowedPods;
let adapter: InstalledAdapter;
let rulesFile: string;
/** Length of the API server's log when the adapter was available. */
let quietFrom: number;

test.beforeAll(async ({ environment }) => {
  ({ cluster, kubectl } = environment);
  const { createNamespace, fileResources, install, startScraping } = environment;
  await createNamespace(NAMESPACE);
  pods = fileResources.adopt(followRunningPods(kubectl, NAMESPACE, 'web'), (it) => it.stop());
  const { url: prometheusUrl } = await startScraping(currentSeries, 1);
  await kubectl.apply(...shop());
  adapter = await install({ rules: rules({ factor: 1 }), prometheusUrl });
  rulesFile = adapter.rulesFile;
  quietFrom = (await cluster.apiServerLog()).length;
});

describe('kubectl', () => {
  test('shows the three APIs as available', async () => {
    const services = await kubectl.run('get', 'apiservices', ...apiServiceNames, '--no-headers');
    expect(services.split('\n').map((line) => line.split(/\s+/).slice(0, 3))).toEqual(
      apiServiceNames.map((name) => [name, 'monitoring/prom-metrics-adapter', 'True']),
    );
  });

  test('lists their versions and their metrics', async () => {
    await expect
      .poll(async () => (await kubectl.run('api-versions')).split('\n'), DISCOVERY_REFRESH)
      .toEqual(
        expect.arrayContaining([
          'custom.metrics.k8s.io/v1beta1',
          'custom.metrics.k8s.io/v1beta2',
          'external.metrics.k8s.io/v1beta1',
        ]),
      );
    await expect
      .poll(() => kubectl.raw(API), { timeout: 30_000 })
      .toMatchObject({
        kind: 'APIResourceList',
        resources: expect.arrayContaining(
          [
            'namespaces/nginx_http_requests_per_second',
            'pods/nginx_http_requests_per_second',
            'services/front_requests_per_second',
          ].map((name) => expect.objectContaining({ name, verbs: ['get'] })),
        ),
      });
    // Not those of custom.metrics.k8s.io: kubectl leaves out names with a slash.
    await expect
      .poll(
        () => kubectl.run('api-resources', '--api-group=external.metrics.k8s.io', '--output=name'),
        DISCOVERY_REFRESH,
      )
      .toBe('orders_waiting.external.metrics.k8s.io');
  });

  test('reads the values of metrics', async () => {
    await expect
      .poll(() => kubectl.raw(`${API}/namespaces/${NAMESPACE}/pods/*/${WEB}`), { timeout: 30_000 })
      .toMatchObject({
        kind: 'MetricValueList',
        items: [{ describedObject: { kind: 'Pod', namespace: NAMESPACE }, metric: { name: WEB } }],
      });
    const external = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/orders_waiting`;
    await expect
      .poll(() => kubectl.raw(`${external}?labelSelector=queue%3Dorders`), { timeout: 30_000 })
      .toMatchObject({
        kind: 'ExternalMetricValueList',
        items: [{ metricName: 'orders_waiting', metricLabels: { queue: 'orders' }, value: '1' }],
      });
  });

  test('reports that a metric does not exist', async () => {
    await expect(
      kubectl.raw(`${API}/namespaces/${NAMESPACE}/pods/*/nothing_of_this_name`),
    ).rejects.toThrow('NotFound');
  });
});

describe('the autoscaler', () => {
  test('scales on a Pods metric, and follows an edit of the rules without a restart', async () => {
    await kubectl.apply(
      autoscaler(cluster.minor, NAMESPACE, 'web', 6, {
        type: 'Pods',
        pods: { metric: { name: WEB }, target: { type: 'AverageValue', averageValue: '10' } },
      }),
    );
    await untilActive('web', 'pods');
    // 2.3, then 4.6 times the target: a small error of the rate does not change the number of pods.
    load.web = 23;
    await untilReplicas('web', 3);
    await writeFile(rulesFile, rules({ factor: 2 }));
    await untilReplicas('web', 5);
    load.web = 2;
    await untilReplicas('web', 1);
    await expect
      .poll(() => status('web', 'pods'))
      .toMatchObject({
        scalingActive: 'True ValidMetricFound',
        metric: expect.stringMatching(/^\d+(\.\d+)?m?$/),
      });
    expect(adapter.isRunning()).toBe(true);
  });

  test('scales on an Object metric of a Service', async () => {
    await kubectl.apply(
      autoscaler(cluster.minor, NAMESPACE, 'front', 6, {
        type: 'Object',
        object: {
          metric: { name: 'front_requests_per_second' },
          describedObject: { apiVersion: 'v1', kind: 'Service', name: 'front' },
          target: { type: 'AverageValue', averageValue: '10' },
        },
      }),
    );
    await untilActive('front', 'object');
    load.front = 35;
    await untilReplicas('front', 4);
    load.front = 4;
    await untilReplicas('front', 1);
    await untilActive('front', 'object');
  });

  test('scales on an External metric', async () => {
    await kubectl.apply(
      autoscaler(cluster.minor, NAMESPACE, 'worker', 6, {
        type: 'External',
        external: {
          metric: { name: 'orders_waiting', selector: { matchLabels: { queue: 'orders' } } },
          target: { type: 'AverageValue', averageValue: '10' },
        },
      }),
    );
    await untilActive('worker', 'external');
    load.orders = 40;
    await untilReplicas('worker', 4);
    load.orders = 12;
    await untilReplicas('worker', 2);
    await expect
      .poll(() => status('worker', 'external'), { timeout: 30_000 })
      .toEqual({ scalingActive: 'True ValidMetricFound', metric: '6', replicas: '2' });
  });

  test('has events of its scaling', async () => {
    // Events are asynchronous: the pods can exist before the event.
    const messages = () => rescaleMessages(kubectl, NAMESPACE);
    await expect
      .poll(messages)
      .toMatch(/New size: \d; reason: pods metric nginx_http_requests_per_second/);
    // 1.20 calls the kind of metric "external" where the target is an average.
    await expect
      .poll(messages)
      .toMatch(/New size: 4; reason: \w+ metric front_requests_per_second/);
    await expect.poll(messages).toMatch(/New size: 4; reason: external metric orders_waiting/);
    await expect.poll(messages).toContain('reason: All metrics below target');
  });
});

test('the OpenAPI document of the cluster has the three APIs', async () => {
  await expect
    .poll(async () => Object.keys(await openapiPaths()), { timeout: 100_000, interval: 500 })
    .toEqual(
      expect.arrayContaining([
        '/apis/custom.metrics.k8s.io/v1beta1/',
        '/apis/custom.metrics.k8s.io/v1beta2/',
        '/apis/external.metrics.k8s.io/v1beta1/',
      ]),
    );
});

test('the API server logs no complaints about the adapter', async () => {
  expect(complaints(await cluster.apiServerLog(), quietFrom)).toEqual([]);
});

const WEB = 'nginx_http_requests_per_second';

/** Three Deployments, one of them behind a Service. */
function shop(): readonly Manifest[] {
  return [
    ...['web', 'front', 'worker'].map((name) => deployment(NAMESPACE, name, 1)),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: NAMESPACE, name: 'front' },
      spec: { selector: { app: 'front' }, ports: [{ port: 80 }] },
    },
  ];
}

/** A counter for each pod of `web` that there is, one for the Service, and the queue. */
function currentSeries(): readonly Series[] {
  const { names } = pods;
  const labels = { namespace: NAMESPACE };
  return [
    ...names.map((pod) => ({
      metric: 'nginx_http_requests_total',
      labels: { ...labels, pod },
      perSecond: load.web / names.length,
    })),
    {
      metric: 'front_requests_total',
      labels: { ...labels, service: 'front' },
      perSecond: load.front,
    },
    { metric: 'orders_waiting', labels: { ...labels, queue: 'orders' }, value: load.orders },
    { metric: 'orders_waiting', labels: { ...labels, queue: 'returns' }, value: 1000 },
  ];
}

/** @param factor the requests of `web` are multiplied by it */
function rules({ factor }: { factor: number }): string {
  const perSecond = (matchers: string) =>
    `sum(rate(<<.Series>>{${matchers}}[5s])) by (<<.GroupBy>>)`;
  return JSON.stringify({
    rules: [
      {
        seriesQuery: 'nginx_http_requests_total{namespace!="",pod!=""}',
        resources: { template: '<<.Resource>>' },
        name: { matches: '^(.*)_total$', as: '${1}_per_second' },
        metricsQuery: `${factor} * ${perSecond('<<.LabelMatchers>>')}`,
      },
      {
        seriesQuery: 'front_requests_total{namespace!="",service!=""}',
        resources: { template: '<<.Resource>>' },
        name: { matches: '^(.*)_total$', as: '${1}_per_second' },
        metricsQuery: perSecond('<<.LabelMatchers>>'),
      },
    ],
    externalRules: [
      {
        seriesQuery: 'orders_waiting{namespace!=""}',
        resources: { overrides: { namespace: { resource: 'namespace' } } },
        metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)',
      },
    ],
  });
}

async function openapiPaths(): Promise<object> {
  const document = await kubectl.raw('/openapi/v2');
  if (typeof document !== 'object' || document === null || !('paths' in document)) {
    throw new Error('no OpenAPI document');
  }
  return Object(document.paths);
}

function status(name: string, kind: 'pods' | 'object' | 'external') {
  return autoscalerStatus(kubectl, cluster.minor, NAMESPACE, name, kind);
}

async function untilActive(name: string, kind: 'pods' | 'object' | 'external'): Promise<void> {
  await expect
    .poll(async () => (await status(name, kind)).scalingActive, { timeout: 60_000, interval: 500 })
    .toBe('True ValidMetricFound');
}

/** Waits until as many pods are ready as wanted and no more are there. */
async function untilReplicas(name: string, replicas: number): Promise<void> {
  await expect
    .poll(
      () =>
        kubectl.field('deployment', name, '{.status.replicas}/{.status.readyReplicas}', NAMESPACE),
      {
        timeout: 60_000,
        interval: 300,
      },
    )
    .toBe(`${replicas}/${replicas}`);
}
