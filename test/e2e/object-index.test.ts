import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../scripts/parts/control-plane.ts';
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { connectKubernetes } from '../../src/kubernetes/client/connection.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createObjectIndex, type ObjectIndex } from '../../src/kubernetes/objects/object-index.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

const NAMESPACES = ['shop', 'billing', 'lab-9'];
const PODS = 600;
const APPS = 60;
const AT_ONCE = 16;

let plane: ControlPlane;
let kubectl: Kubectl;
let api: CoreV1Api;
let client: KubernetesClient;
let index: ObjectIndex;

beforeAll(async () => {
  plane = await startControlPlane();
  kubectl = await createKubectl(plane.kubeconfig, plane.directory);
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  api = config.makeApiClient(CoreV1Api);
  await createNamespaces();
  await createPods();
  client = await connectKubernetes({ kubeconfigFile: plane.kubeconfig, userAgent: 'test' });
  index = createObjectIndex({
    client,
    log: { info: () => undefined, warn: () => undefined },
    report: {
      objectsIndexed: () => undefined,
      objectListRead: () => undefined,
      objectWatchEnded: () => undefined,
      objectEventReceived: () => undefined,
      objectsRequested: () => undefined,
    },
  });
});

afterAll(async () => {
  index?.close();
  client?.close();
  await plane?.stop();
});

/** With the service account that pods need; there is no controller that creates it. */
async function createNamespaces(): Promise<void> {
  for (const namespace of NAMESPACES) {
    await api.createNamespace({ body: { metadata: { name: namespace } } });
    const body = { metadata: { name: 'default' }, automountServiceAccountToken: false };
    await api.createNamespacedServiceAccount({ namespace, body });
  }
}

async function createPods(): Promise<void> {
  const numbers = Array.from({ length: PODS }, (_, pod) => pod).values();
  const create = async (): Promise<void> => {
    for (const pod of numbers) {
      await createPod(namespaceOf(pod), `pod-${pod}`, { app: `app-${pod % APPS}` });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, create));
}

function namespaceOf(pod: number): string {
  return NAMESPACES[pod % NAMESPACES.length] ?? '';
}

async function createPod(
  namespace: string,
  name: string,
  labels: Record<string, string>,
): Promise<void> {
  const containers = [{ name: 'main', image: 'none' }];
  await api.createNamespacedPod({
    namespace,
    body: { metadata: { name, labels }, spec: { containers, automountServiceAccountToken: false } },
  });
}

const pods = builtinResourceMapper().find('', 'pods');

function select(namespace: string | undefined, selector: string) {
  if (pods === undefined) throw new Error('no pods');
  return { resource: pods, namespace, selector: parseLabelSelector(selector) };
}

/** The API server's own answer. */
async function listed(namespace: string, labelSelector: string): Promise<string[]> {
  const { items } = await api.listNamespacedPod({ namespace, labelSelector });
  return items.map(({ metadata }) => metadata?.name ?? '');
}

/** How many requests for pods the API server has answered so far, without open watches. */
async function podRequests(verb: string): Promise<number> {
  const metrics = await kubectl.run('get', '--raw=/metrics');
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{'))
    .filter((line) => line.includes(`verb="${verb}"`) && line.includes('resource="pods"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** How many watches of all pods are open. */
async function podWatches(): Promise<number> {
  const metrics = await kubectl.run('get', '--raw=/metrics');
  return metrics
    .split('\n')
    .filter((line) => /^apiserver_longrunning_(gauge|requests)\{/.test(line))
    .filter((line) => line.includes('verb="WATCH"') && line.includes('resource="pods"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

test('many requests need one list and one watch of the API server', async () => {
  const [listsBefore, watchesBefore] = [await podRequests('LIST'), await podWatches()];
  const answers = new Map<string, readonly string[]>();
  for (let round = 0; round < 5; round += 1) {
    for (let app = 0; app < APPS; app += 1) {
      for (const namespace of NAMESPACES) {
        const selector = `app=app-${app}`;
        const names = await index.list(select(namespace, selector));
        answers.set(`${namespace} ${selector}`, names);
      }
    }
  }
  // 600 pods are two pages.
  await expect.poll(podWatches).toBe(watchesBefore + 1);
  // A request is counted when its answer has been sent.
  await expect.poll(() => podRequests('LIST')).toBe(listsBefore + 2);
  expect([...answers.values()].flat()).toHaveLength(PODS);
});

test.each(['', 'app=app-7', 'app in (app-7,app-8)', 'app notin (app-1)', '!app', 'app!=app-3'])(
  'the selector "%s" selects the same pods as the API server',
  async (selector) => {
    for (const namespace of NAMESPACES) {
      expect(await index.list(select(namespace, selector))).toEqual(
        await listed(namespace, selector),
      );
    }
  },
);

test('all pods have the order of the API server, with labels and creation time', async () => {
  const { items } = await api.listPodForAllNamespaces();
  const seconds = (time: Date | undefined) =>
    time === undefined ? undefined : time.getTime() / 1000;
  expect(await index.objects(select(undefined, ''))).toEqual(
    items.map(({ metadata }) => ({
      namespace: metadata?.namespace,
      name: metadata?.name,
      labels: metadata?.labels,
      createdAt: seconds(metadata?.creationTimestamp),
    })),
  );
});

test('changes are seen without a request', async () => {
  const lists = await podRequests('LIST');
  await createPod('shop', 'new', { app: 'new' });
  await expect.poll(() => index.list(select('shop', 'app=new'))).toEqual(['new']);
  await kubectl.run('label', 'pod', 'new', '--namespace=shop', '--overwrite', 'app=other');
  await expect.poll(() => index.list(select('shop', 'app=new'))).toEqual([]);
  expect(await index.list(select('shop', 'app=other'))).toEqual(['new']);
  await api.deleteNamespacedPod({ namespace: 'shop', name: 'new', gracePeriodSeconds: 0 });
  await expect.poll(() => index.list(select('shop', 'app=other'))).toEqual([]);
  expect((await podRequests('LIST')) - lists).toBe(0);
});

test('pods are selected by their phase while they run', async () => {
  const running = { ...select('billing', ''), fieldSelector: 'status.phase=Running' };
  const names = async () => (await index.objects(running)).map(({ name }) => name);
  const setPhase = async (phase: string) => {
    const patch = JSON.stringify([{ op: 'replace', path: '/status/phase', value: phase }]);
    const body: unknown = JSON.parse(patch);
    await api.patchNamespacedPodStatus({ namespace: 'billing', name: 'pod-1', body });
  };
  expect(await names()).toEqual([]);
  await setPhase('Running');
  await expect.poll(names).toEqual(['pod-1']);
  await setPhase('Succeeded');
  await expect.poll(names).toEqual([]);
});

test('there is no wrong answer during a restart of the API server', async () => {
  const before = await index.list(select('shop', ''));
  await plane.stopApiServer();
  expect(await index.list(select('shop', ''))).toEqual(before);
  await plane.startApiServer();
  await createPod('shop', 'after', { app: 'after' });
  await expect
    .poll(() => index.list(select('shop', 'app=after')), { timeout: 60_000 })
    .toEqual(['after']);
  expect(await index.list(select('shop', ''))).toEqual(await listed('shop', ''));
});
