// The reports about a metric without a value: in the log at its default level, and in /metrics.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backfill } from '../../scripts/parts/backfill.ts';
import {
  ensurePrometheus,
  type RunningPrometheus,
  startPrometheus,
} from '../../scripts/parts/prometheus.ts';
import { type RunningAdapter, sendRequest, startAdapter } from '../golden/adapter.ts';
import { type GoldenUsers, makeUsers } from '../golden/golden-users.ts';
import { type KubernetesApi, startKubernetesApi } from '../golden/kubernetes-api.ts';
import { parseGroups } from '../golden/kubernetes-discovery.ts';
import { parseSeries, toOpenMetrics } from '../golden/prometheus-data.ts';
import { readData } from '../golden/recorded-cases.ts';

const RULES = `
rules:
- seriesQuery: 'web_requests{namespace!="",ingress!=""}'
  resources: {template: <<.Resource>>}
  name: {as: error_rate}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>,status=~"5.."}[1m])) / sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m]))'
- seriesQuery: 'jobs_total{namespace!="",pod!=""}'
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  name: {as: unaggregated}
  metricsQuery: 'rate(<<.Series>>{<<.LabelMatchers>>}[1m])'
- seriesQuery: 'jobs_total{namespace!="",pod!=""}'
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  name: {as: right}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)'
- seriesQuery: 'jobs_total{namespace!="",pod!=""}'
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  name: {as: everywhere}
  metricsQuery: 'sum(rate(<<.Series>>[1m])) by (namespace, pod)'
- seriesQuery: '{__name__=~"^broker_.*"}'
  resources: {overrides: {kubernetes_pod: {resource: pod}, kubernetes_namespace: {resource: namespace}}}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)
- seriesQuery: 'nothing_of_this_name'
  resources: {template: <<.Resource>>}
  metricsQuery: <<.Series>>{<<.LabelMatchers>>}
externalRules:
- seriesQuery: '{__name__=~"^broker_.*"}'
  resources: {template: <<.Resource>>}
  metricsQuery: <<.Series>>{<<.LabelMatchers>>}
resourceRules:
  cpu:
    containerQuery: sum(cpu_usage{<<.LabelMatchers>>}) by (<<.GroupBy>>)
    nodeQuery: sum(node_cpu{<<.LabelMatchers>>}) by (<<.GroupBy>>)
    resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}, node: {resource: node}}}
    containerLabel: container
  memory:
    containerQuery: sum(memory_usage{<<.LabelMatchers>>}) by (<<.GroupBy>>)
    nodeQuery: sum(node_memory{<<.LabelMatchers>>}) by (<<.GroupBy>>)
    resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}, node: {resource: node}}}
    containerLabel: container
  window: 1m
`;

const SERIES = `
# TYPE web_requests counter
web_requests{ingress="shop",namespace="a",status="200"} 5
web_requests{ingress="shop",namespace="a",status="503"} 1
# TYPE jobs_total counter
jobs_total{namespace="fb",pod="a",code="200"} 9
jobs_total{namespace="fb",pod="a",code="500"} 1
jobs_total{namespace="other",pod="a",code="200"} 2
jobs_total{namespace="fb",pod="stranger",code="200"} 2
broker_lag{instance="k:9308",topic="t"} 7
cpu_usage{namespace="fb",pod="a",container="c"} 1
cpu_usage{namespace="fb",pod="b",container="c"} 1
memory_usage{namespace="fb",pod="a",container="c"} 1000
node_cpu{node="n-1"} 2
node_memory{node="n-1"} 2000
node_memory{node="n-2"} 2000
`;

let directory: string;
let users: GoldenUsers;
let kubernetes: KubernetesApi;
let prometheus: RunningPrometheus;
let adapter: RunningAdapter;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'missing-values-'));
  const config = join(directory, 'rules.yaml');
  const now = Math.floor(Date.now() / 1000);
  const [{ promtool }] = await Promise.all([ensurePrometheus(), writeFile(config, RULES)]);
  const times = { from: now - 300, to: now + 1200, step: 5 };
  await backfill(promtool, join(directory, 'data'), toOpenMetrics(parseSeries(SERIES), times));
  prometheus = await startPrometheus({ dataDir: join(directory, 'data') });
  users = await makeUsers();
  kubernetes = await startKubernetesApi({
    groups: parseGroups(readData('kube-discovery.json')),
    objects: [
      users.authenticationConfigMap,
      ...['a', 'b', 'c'].map((name) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'fb', name, labels: {} },
        status: { phase: 'Running' },
      })),
      ...['n-1', 'n-2', 'n-3'].map((name) => ({
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: {} },
      })),
    ],
    kubeconfig: join(directory, 'kubeconfig'),
  });
  adapter = await startAdapter({
    config,
    prometheusUrl: prometheus.url,
    kubeconfig: join(directory, 'kubeconfig'),
    certificates: join(directory, 'certificates'),
  });
});

afterAll(async () => {
  await adapter?.stop();
  await kubernetes?.close();
  await prometheus?.stop();
  await rm(directory, { recursive: true, force: true });
});

const custom = '/apis/custom.metrics.k8s.io/v1beta2';

async function get(path: string) {
  const request = { method: 'GET', path } as const;
  return sendRequest(adapter.port, request, users.certificateOf(request));
}

function linesWith(text: string): readonly string[] {
  return adapter
    .stdoutTail()
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => line.replace(/^\S+ /, '').replace(/definedAt=".*\//, 'definedAt="'));
}

describe('a relist logs once', () => {
  test('that the series of an external rule lack the label of the namespace', async () => {
    expect(linesWith('externalRules[0]: ')).toEqual([
      'WARN externalRules[0]: 1 (broker_lag) without the label `namespace`, so requests return no values: set `namespaced: false`, or name the label of the namespace in `resources` definedAt="rules.yaml:26"',
    ]);
    const { status, body } = await get(
      '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/broker_lag?labelSelector=topic%3Dt',
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ items: [] });
  });

  test('the labels of series without a label of a resource', () => {
    expect(linesWith(' rules[4]: ')).toEqual([
      'WARN rules[4]: no metrics from 1 series: 1 (broker_lag) without a label that maps to a resource: the labels are instance, topic; add an override or a template to `resources` definedAt="rules.yaml:19"',
    ]);
  });

  test('that a series query found nothing', () => {
    expect(linesWith(' rules[5]: ')).toEqual([
      'INFO rules[5]: no metrics: the series query found no series: nothing_of_this_name definedAt="rules.yaml:22"',
    ]);
  });
});

describe('a request with missing values', () => {
  test('logs the number of samples, and why they are not used', async () => {
    const path = `${custom}/namespaces/a/ingresses.networking.k8s.io/shop/error_rate`;
    expect((await get(path)).status).toBe(404);
    expect((await get(path)).status).toBe(404);
    expect(linesWith('/error_rate')).toEqual([
      String.raw`WARN ingresses.networking.k8s.io/error_rate in namespace a: 1 of 1 objects without a value (shop); 1 sample returned, 1 without the label ingress queries=["sum(rate(web_requests{namespace=\"a\",ingress=\"shop\",status=~\"5..\"}[1m])) / sum(rate(web_requests{namespace=\"a\",ingress=\"shop\"}[1m]))"]`,
    ]);
  });

  test('logs a line if an object has several samples', async () => {
    const path = `${custom}/namespaces/fb/pods/a/unaggregated`;
    expect((await get(path)).status).toBe(200);
    expect(linesWith('pods/unaggregated')).toEqual([
      expect.stringMatching(
        /^WARN pods\/unaggregated in namespace fb: 1 of 1 objects have a value; 2 samples returned, 1 more for the same object, only the last sample is used: aggregate by \(<<\.GroupBy>>\) only queries=/,
      ),
    ]);
  });

  test('logs a line if samples belong to other objects and namespaces', async () => {
    expect((await get(`${custom}/namespaces/fb/pods/*/everywhere`)).status).toBe(200);
    expect(linesWith('pods/everywhere')).toEqual([
      expect.stringMatching(
        /^WARN pods\/everywhere in namespace fb: 2 of 3 objects without a value \(b, c\); 3 samples returned, 1 for another namespace, 1 for another object queries=/,
      ),
    ]);
  });

  test('logs no warning if objects just have no samples', async () => {
    expect((await get(`${custom}/namespaces/fb/pods/*/right`)).status).toBe(200);
    expect(linesWith('pods/right')).toEqual([
      expect.stringMatching(
        /^INFO pods\/right in namespace fb: 2 of 3 objects without a value \(b, c\); 1 sample returned queries=/,
      ),
    ]);
  });

  test('names pods and nodes without CPU or memory', async () => {
    const pods = await get('/apis/metrics.k8s.io/v1beta1/namespaces/fb/pods');
    expect(pods.body).toMatchObject({ items: [{ metadata: { name: 'a' } }] });
    const nodes = await get('/apis/metrics.k8s.io/v1beta1/nodes');
    expect(nodes.body).toMatchObject({ items: [{ metadata: { name: 'n-1' } }] });
    expect(linesWith('INFO pods in')).toEqual([
      expect.stringMatching(
        /^INFO pods in namespace fb: 2 of 3 objects without a value \(fb\/b, fb\/c\), 1 without CPU, 2 without memory; 3 samples returned queries=\["sum\(cpu_usage/,
      ),
    ]);
    expect(linesWith('INFO nodes')).toEqual([
      expect.stringMatching(
        /^INFO nodes: 2 of 3 objects without a value \(n-2, n-3\), 2 without CPU, 1 without memory; 3 samples returned queries=/,
      ),
    ]);
  });

  test('is counted by reason', async () => {
    const { body } = await get('/metrics');
    const counts = String(body)
      .split('\n')
      .filter((line) => /^prom_metrics_adapter_samples_dropped_total.* [1-9]/.test(line));
    expect(counts).toEqual([
      'prom_metrics_adapter_samples_dropped_total{api="custom",reason="label_missing"} 2',
      'prom_metrics_adapter_samples_dropped_total{api="custom",reason="other_namespace"} 1',
      'prom_metrics_adapter_samples_dropped_total{api="custom",reason="other_object"} 1',
      'prom_metrics_adapter_samples_dropped_total{api="custom",reason="several_for_one_object"} 1',
    ]);
    expect(String(body)).toContain(
      'prom_metrics_adapter_rules_without_metrics{api="external",reason="no_namespace_label"} 1',
    );
  });
});

describe('a metric label that is invalid in Prometheus 2', () => {
  test.each([
    [`${custom}/namespaces/fb/pods/*/right?metricLabelSelector=`, 'metricLabelSelector'],
    [
      '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/broker_lag?labelSelector=',
      'labelSelector',
    ],
  ])('is an error of the client: %s', async (path, parameter) => {
    const { status, body } = await get(`${path}${encodeURIComponent('x.y/z=1')}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      reason: 'BadRequest',
      message: `${parameter}: Prometheus does not accept the label "x.y/z": expected letters, digits and underscores, not beginning with a digit (other names need Prometheus 3)`,
    });
    expect((await get(`${path}${encodeURIComponent('x_y=1')}`)).status).toBe(200);
  });
});
