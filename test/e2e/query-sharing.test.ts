import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backfill } from '../../scripts/parts/backfill.ts';
import { type ControlPlane, startControlPlane } from '../../scripts/parts/control-plane.ts';
import {
  ensurePrometheus,
  type RunningPrometheus,
  startPrometheus,
} from '../../scripts/parts/prometheus.ts';
import { parseExposition } from '../bench/measure/exposition.ts';
import { answeredRequests } from '../fixtures/prometheus-requests.ts';
import { askAdapter, type InstalledAdapter, installAdapter } from './adapter.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

const AUTOSCALERS = 300;
const NAMESPACES = 40;
const CALLS_AT_ONCE = 16;

/** The target of an autoscaler: the one or two pods that its selector selects. */
interface App {
  readonly name: string;
  readonly namespace: string;
  readonly pods: readonly string[];
}

const APPS: readonly App[] = Array.from({ length: AUTOSCALERS }, (_, index) => ({
  name: `web-${index}`,
  namespace: `team-${index % NAMESPACES}`,
  pods: index % 2 === 0 ? [`web-${index}-0`] : [`web-${index}-0`, `web-${index}-1`],
}));

let plane: ControlPlane;
let kubectl: Kubectl;
let dataDir: string;
let prometheus: RunningPrometheus;
let adapter: InstalledAdapter;
/** The autoscaler's connection to the API server, which it has one of, and its token. */
let connection: ClientHttp2Session;
let token: string;

beforeAll(async () => {
  plane = await startControlPlane();
  kubectl = await createKubectl(plane.kubeconfig, plane.directory);
  await createPods();
  dataDir = await mkdtemp(join(tmpdir(), 'prometheus-data-'));
  const { promtool } = await ensurePrometheus();
  await backfill(promtool, dataDir, history());
  prometheus = await startPrometheus({ dataDir });
  const rulesFile = join(plane.directory, 'rules.yaml');
  await writeFile(rulesFile, RULES);
  adapter = await installAdapter(plane, kubectl, { rulesFile, prometheusUrl: prometheus.url });
  await kubectl.run('create', 'serviceaccount', AUTOSCALER, '--namespace=kube-system');
  token = await plane.createToken('kube-system', AUTOSCALER);
  connection = connect(plane.url, { ca: await readFile(plane.caFile) });
});

afterAll(async () => {
  connection?.close();
  await adapter?.stop();
  await prometheus?.stop();
  await plane?.stop();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
});

const AUTOSCALER = 'horizontal-pod-autoscaler';

/** The same series under three names: shared, not shared, and impossible to share. */
const RULES = JSON.stringify({
  rules: [
    { as: 'load', metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)' },
    {
      as: 'load_alone',
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
      sharing: false,
    },
    {
      as: 'load_greatest',
      metricsQuery: 'topk(1, sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>))',
    },
  ].map(({ as, ...rule }) => ({
    seriesQuery: 'fleet_load{namespace!="",pod!=""}',
    resources: { template: '<<.Resource>>' },
    name: { as },
    ...rule,
  })),
  // Not requested, but an API without rules is not served.
  externalRules: [
    {
      seriesQuery: 'fleet_load{namespace!=""}',
      resources: { template: '<<.Resource>>' },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})',
    },
  ],
});

/** The load of a container of a pod; that of its pod is the sum of two. */
function loadOf(app: number, pod: number): number {
  return app / 8 + pod * 100;
}

/** Constant samples, from 5 minutes ago to half an hour ahead. */
function history(): string {
  const now = Math.floor(Date.now() / 1000);
  const times = Array.from({ length: 71 }, (_, step) => now - 300 + step * 30);
  const lines = APPS.flatMap(({ namespace, pods }, app) =>
    pods.flatMap((name, pod) =>
      ['main', 'proxy'].flatMap((container) => {
        const series = `fleet_load{namespace="${namespace}",pod="${name}",container="${container}"}`;
        return times.map((time) => `${series} ${loadOf(app, pod)} ${time}`);
      }),
    ),
  );
  return `${lines.join('\n')}\n# EOF\n`;
}

/** With the service account that pods need; there is no controller that creates it. */
async function createPods(): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const automountServiceAccountToken = false;
  for (const namespace of new Set(APPS.map((app) => app.namespace))) {
    await api.createNamespace({ body: { metadata: { name: namespace } } });
    const body = { metadata: { name: 'default' }, automountServiceAccountToken };
    await api.createNamespacedServiceAccount({ namespace, body });
  }
  const left = APPS.values();
  const create = async (): Promise<void> => {
    for (const { name: app, namespace, pods } of left) {
      for (const name of pods) {
        const containers = [{ name: 'main', image: 'none' }];
        const body = {
          metadata: { name, labels: { app } },
          spec: { containers, automountServiceAccountToken },
        };
        await api.createNamespacedPod({ namespace, body });
      }
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, create));
}

/** The request of an autoscaler for its Pods metric. */
async function askFor(metric: string, { name, namespace }: App): Promise<unknown> {
  const stream = connection.request({
    ':path': `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/pods/%2A/${metric}?labelSelector=app%3D${name}`,
    accept: 'application/json',
    authorization: `Bearer ${token}`,
  });
  return JSON.parse(await text(stream));
}

interface Round {
  readonly answers: readonly unknown[];
  readonly seconds: number;
  /** From their own metrics: queries that Prometheus answered, and lists of pods of the API server. */
  readonly queries: number;
  readonly listings: number;
  /** By the adapter's count: queries of all requests, those asked because of them, and the others. */
  readonly needed: number;
  readonly asked: number;
}

/** All autoscalers send one request at the same time. */
async function round(metric: string): Promise<Round> {
  const before = await counts();
  const begun = performance.now();
  const answers = await Promise.all(APPS.map((app) => askFor(metric, app)));
  const seconds = (performance.now() - begun) / 1000;
  const after = await counts();
  return {
    answers,
    seconds,
    queries: after.queries - before.queries,
    listings: after.listings - before.listings,
    needed: after.needed - before.needed,
    asked: after.asked - before.asked,
  };
}

async function counts() {
  const queries = await answeredRequests(prometheus.url, '/api/v1/query');
  const apiServer = parseExposition(await kubectl.run('get', '--raw=/metrics'));
  const { body } = await askAdapter(adapter.port, '/metrics', {
    certificate: plane.certificates.admin,
  });
  const own = parseExposition(body);
  return {
    queries,
    listings: apiServer.sum('apiserver_request_total', { verb: 'LIST', resource: 'pods' }),
    needed: own.sum('prom_metrics_adapter_queries_total'),
    asked: own.sum('prom_metrics_adapter_queries_total', { source: 'prometheus' }),
  };
}

/** The answer to an autoscaler, with the values of these pods. */
function answerWith(metric: string, app: number, pods: readonly number[]) {
  const { namespace, name } = APPS[app] ?? { namespace: '', name: '' };
  return {
    kind: 'MetricValueList',
    apiVersion: 'custom.metrics.k8s.io/v1beta2',
    metadata: {},
    items: pods.map((pod) => ({
      describedObject: { kind: 'Pod', namespace, name: `${name}-${pod}`, apiVersion: '/v1' },
      metric: { name: metric, selector: null },
      timestamp: expect.any(String),
      value: quantity(2 * loadOf(app, pod)),
    })),
  };
}

/** Whole numbers or thousandths; none here is as large as 1000 or has a finer part. */
function quantity(value: number): string {
  return Number.isInteger(value) ? String(value) : `${value * 1000}m`;
}

const all = APPS.map(({ pods }) => pods.map((_, pod) => pod));

test('each on its own, 300 autoscalers cost 300 queries', async () => {
  const { answers, queries, needed, asked } = await round('load_alone');
  expect(answers).toEqual(all.map((pods, app) => answerWith('load_alone', app, pods)));
  expect({ queries, needed, asked }).toEqual({ queries: 300, needed: 300, asked: 300 });
});

test('together they cost a handful, no listing, and get the same values', async () => {
  // The index of pods exists since the test before; this metric was not requested yet.
  const { answers, seconds, queries, listings, needed, asked } = await round('load');
  expect(answers).toEqual(all.map((pods, app) => answerWith('load', app, pods)));
  expect(listings).toBe(0);
  // Two until the demand is detected, then one for all, and one more each time the result is too old, which
  // happens on a machine that takes longer than a second for all requests.
  expect(queries).toBeLessThanOrEqual(Math.max(5, 3 + Math.floor(seconds)));
  expect(asked).toBe(queries);
  expect(needed).toBe(300);
});

test('of a rule that is not separable each has its own query and value', async () => {
  const { answers, queries, listings, needed, asked } = await round('load_greatest');
  // The second pod, where there is one, has the greater load.
  const greatest = all.map((pods) => pods.slice(-1));
  expect(answers).toEqual(greatest.map((pods, app) => answerWith('load_greatest', app, pods)));
  expect({ queries, listings, needed, asked }).toEqual({
    queries: 300,
    listings: 0,
    needed: 300,
    asked: 300,
  });
});
