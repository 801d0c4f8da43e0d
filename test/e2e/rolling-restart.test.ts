import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { afterEach, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../scripts/parts/control-plane.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { startPrometheus } from '../../scripts/parts/prometheus.ts';
import { chartDirectory, fieldOf, helm, listOf, type Values, withValues } from '../chart/helm.ts';
import { askAdapter } from './adapter.ts';
import { type Release, startReleasedAdapter } from './chart-adapter.ts';
import { startClusterNetwork } from './cluster-network.ts';
import { deployment } from './deployment.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { type Kubelet, type PodProcess, startKubelet } from './kubelet.ts';
import { runningPods, type Series, scrapeConfig, startWorkload } from './workload.ts';

const NAMESPACE = 'shop';
const PODS = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${NAMESPACE}/pods/*/open_connections?labelSelector=app%3Dweb`;
const QUEUE = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/orders_waiting`;
const CLIENTS = 8;
const FOLLOW_MS = 500;
const RELEASE: Release = {
  namespace: 'monitoring',
  name: 'adapter-prom-metrics-adapter',
  port: 6443,
};
const SELECTOR = 'app.kubernetes.io/instance=adapter';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function untilTestEnds<T>(
  starting: Promise<T>,
  end: (started: T) => Promise<void>,
): Promise<T> {
  const started = await starting;
  cleanups.push(() => end(started));
  return started;
}

/** A cluster whose API server reaches the pods of the adapter's release, whose replicas run. */
async function startCluster(aggregatorRouting: boolean) {
  const ways = new Map<string, () => string | undefined>();
  let kubelet: Kubelet | undefined;
  const network = await untilTestEnds(
    startClusterNetwork((host, port) => {
      const podIP = ways.has(host) ? ways.get(host)?.() : host;
      const isServed = port === (ways.has(host) ? 443 : RELEASE.port);
      return isServed && podIP !== undefined ? kubelet?.portOf(podIP) : undefined;
    }),
    (started) => started.close(),
  );
  const plane = await untilTestEnds(
    startControlPlane({
      controllers: true,
      isManaged: (pod) => !isAdapter(pod),
      apiServerFlags: [
        ...network.apiServerFlags,
        `--enable-aggregator-routing=${aggregatorRouting}`,
      ],
    }),
    (started) => started.stop(),
  );
  const kubectl = await createKubectl(plane.kubeconfig, plane.directory);
  const series: Series[] = [
    { metric: 'orders_waiting', labels: { namespace: NAMESPACE }, value: 40 },
  ];
  const workload = await untilTestEnds(
    startWorkload(() => series),
    (started) => started.close(),
  );
  const prometheus = await untilTestEnds(
    startPrometheus({ config: scrapeConfig(workload, 5) }),
    (started) => started.stop(),
  );
  await kubectl.apply(
    ...[NAMESPACE, RELEASE.namespace].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    })),
  );
  await kubectl.apply(deployment(NAMESPACE, 'web', 3));
  const api = coreApi(plane);
  kubelet = await untilTestEnds(
    Promise.resolve(
      startKubelet({
        api,
        namespace: RELEASE.namespace,
        labelSelector: SELECTOR,
        start: (pod) => startPod(plane, kubectl, pod),
      }),
    ),
    (started) => started.stop(),
  );
  await install(plane, prometheus.port);
  ways.set(...(await followService(kubectl)));
  return { plane, kubectl, kubelet, series };
}

function isAdapter({ metadata }: V1Pod): boolean {
  return metadata?.labels?.['app.kubernetes.io/instance'] === 'adapter';
}

function coreApi({ kubeconfig }: ControlPlane): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config.makeApiClient(CoreV1Api);
}

/** The value of each pod is different. */
function podSeries(pod: string): Series {
  const labels = { namespace: NAMESPACE, pod };
  return { metric: 'open_connections', labels, value: connectionsOf(pod) };
}

function connectionsOf(pod: string): number {
  return [...pod].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
}

/** Runs a pod of the adapter as a process with the arguments and files of the chart. */
async function startPod(plane: ControlPlane, kubectl: Kubectl, pod: V1Pod): Promise<PodProcess> {
  const port = await freePort();
  const probe = pod.spec?.containers[0]?.readinessProbe?.httpGet?.path ?? '';
  const running = await startReleasedAdapter(plane, kubectl, RELEASE, {
    name: pod.metadata?.name ?? '',
    port,
    until: '/livez',
    stopTimeoutMs: (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000,
  });
  const isReady = async () => (await askAdapter(port, probe)).status === 200;
  return { ...running, port, isReady };
}

function rule(metric: string, resources: Values): Values {
  return {
    seriesQuery: metric,
    resources,
    metricsQuery: '<<.Series>>{<<.LabelMatchers>>}',
  };
}

async function install(plane: ControlPlane, prometheusPort: number): Promise<void> {
  const overrides = { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } };
  const values = {
    prometheus: { url: 'http://127.0.0.1', port: prometheusPort },
    metricsRelistInterval: '2s',
    extraArguments: ['--metrics-max-age=1m'],
    rules: {
      default: false,
      custom: [rule('open_connections', { overrides })],
      external: [rule('orders_waiting', { overrides })],
    },
  };
  const serverSide = plane.minor < 22 ? ['--server-side=false'] : [];
  await withValues({ values }, (flags) =>
    helm(
      'install',
      'adapter',
      chartDirectory,
      `--namespace=${RELEASE.namespace}`,
      `--kubeconfig=${plane.kubeconfig}`,
      ...serverSide,
      ...flags,
    ),
  );
}

/** As kube-proxy does: new connections to the Service's address go to one of its endpoints. */
async function followService(kubectl: Kubectl): Promise<[string, () => string | undefined]> {
  const { name, namespace } = RELEASE;
  const address = await kubectl.field('service', name, '{.spec.clusterIP}', namespace);
  let endpoints: readonly string[] = [];
  const following = new AbortController();
  const loop = (async () => {
    while (!following.signal.aborted) {
      const found = await kubectl.raw(`/api/v1/namespaces/${namespace}/endpoints/${name}`);
      endpoints = listOf(found, 'subsets')
        .flatMap((subset) => listOf(subset, 'addresses'))
        .map((each) => String(fieldOf(each, 'ip')));
      await sleep(FOLLOW_MS);
    }
  })();
  cleanups.push(async () => {
    following.abort();
    await loop;
  });
  return [address, () => endpoints[Math.floor(Math.random() * endpoints.length)]];
}

/** A client of the API server that keeps its connections, as kube-controller-manager does. */
function startLoad(plane: ControlPlane, token: string, expected: (path: string) => unknown) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS, ca: plane.certificates.ca.cert });
  const outcomes = new Map<string, number>();
  let loading = true;
  const ask = async (path: string): Promise<string> => {
    const { status, body } = await get(agent, `${plane.url}${path}`, token);
    if (status !== 200) return `${status} ${body}`;
    const values = valuesOf(body);
    return JSON.stringify(values) === JSON.stringify(expected(path)) ? 'right' : `wrong: ${body}`;
  };
  const clients = Array.from({ length: CLIENTS }, async (_, index) => {
    while (loading) {
      const outcome = await ask(index % 2 === 0 ? PODS : QUEUE).catch(String);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await sleep(10);
    }
  });
  return {
    async stop(): Promise<ReadonlyMap<string, number>> {
      loading = false;
      await Promise.all(clients);
      agent.destroy();
      return outcomes;
    },
  };
}

function get(agent: Agent, url: string, token: string): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const headers = { authorization: `Bearer ${token}` };
  const asking = request(url, { agent, headers, timeout: 30_000 }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  });
  asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
  asking.on('error', reject).end();
  return promise;
}

/** The values of an answer by object, in order. */
function valuesOf(body: string): readonly string[] {
  return listOf(JSON.parse(body), 'items')
    .map((item) => `${fieldOf(item, 'describedObject.name') ?? 'queue'}=${fieldOf(item, 'value')}`)
    .toSorted();
}

/** The values that the API server, or a replica itself, serves to the owner of the token. */
async function valuesServed(port: number, path: string, token: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${token}` };
  return valuesOf((await askAdapter(port, path, { headers })).body);
}

/** A token of a service account that may only read metrics. */
async function readerToken(plane: ControlPlane, kubectl: Kubectl): Promise<string> {
  const reader = { name: 'reader', namespace: NAMESPACE };
  await kubectl.apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: reader },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'reader' },
      rules: [
        {
          apiGroups: ['custom.metrics.k8s.io', 'external.metrics.k8s.io'],
          resources: ['*'],
          verbs: ['get', 'list'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: reader,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', ...reader }],
    },
  );
  return plane.createToken(NAMESPACE, 'reader');
}

function rollout(kubectl: Kubectl, ...args: readonly string[]): Promise<string> {
  const target = [`deployment/${RELEASE.name}`, `--namespace=${RELEASE.namespace}`];
  return kubectl.run('rollout', ...args, ...target);
}

async function adapterPods(kubectl: Kubectl): Promise<readonly string[]> {
  const names = await kubectl.run(
    'get',
    'pods',
    `--namespace=${RELEASE.namespace}`,
    `--selector=${SELECTOR}`,
    '--output=jsonpath={.items[*].metadata.name}',
  );
  return names.split(' ').toSorted();
}

describe.each([
  ['the API server chooses a replica for each request', true],
  ['kube-proxy chooses one for each connection of the API server', false],
])('%s', (_, aggregatorRouting) => {
  test('no request fails during `kubectl rollout restart` under load', async () => {
    const { plane, kubectl, kubelet, series } = await startCluster(aggregatorRouting);
    await rollout(kubectl, 'status', '--timeout=120s');
    const before = await adapterPods(kubectl);
    expect(before).toHaveLength(2);
    const names = await runningPods(kubectl, NAMESPACE, 'web');
    expect(names).toHaveLength(3);
    series.push(...names.map(podSeries));
    const expected = new Map([
      [PODS, names.map((name) => `${name}=${connectionsOf(name)}`).toSorted()],
      [QUEUE, ['queue=40']],
    ]);
    const token = await readerToken(plane, kubectl);
    // Each replica discovers the metrics, and reviews the reader's permissions, at its own time.
    const ports = [Number(new URL(plane.url).port), ...kubelet.ports()];
    expect(ports).toHaveLength(3);
    for (const port of ports) {
      for (const [path, values] of expected) {
        const served = () => valuesServed(port, path, token);
        await expect.poll(served, { timeout: 60_000, interval: 300 }).toEqual(values);
      }
    }

    const load = startLoad(plane, token, (path) => expected.get(path));
    await rollout(kubectl, 'restart');
    await rollout(kubectl, 'status', '--timeout=150s');
    await expect.poll(() => [...kubelet.ended].toSorted(), { timeout: 90_000 }).toEqual(before);
    const outcomes = await load.stop();

    expect([...outcomes.keys()]).toEqual(['right']);
    expect(outcomes.get('right')).toBeGreaterThan(500);
    console.log(`requests during the restart: ${outcomes.get('right')}`);
    const after = await adapterPods(kubectl);
    expect(after).toHaveLength(2);
    expect(after.filter((name) => before.includes(name))).toEqual([]);
  }, 400_000);
});
