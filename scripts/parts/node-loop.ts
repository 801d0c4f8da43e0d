import { setTimeout as sleep } from 'node:timers/promises';
import { ApiException, type CoreV1Api, type V1Pod } from '@kubernetes/client-node';

const NODE = 'node-0';
const POLL_MS = 200;

export interface NodeLoop {
  stop(): Promise<void>;
}

/**
 * Replaces a scheduler and a kubelet in a control plane without nodes: registers one node, binds every pod
 * to it, sets pods to running and ready, and removes deleted ones. It ignores the containers of the pods,
 * and continues after an outage of the API server.
 *
 * @param isManaged whether this loop runs a pod after it is bound to the node; default: all
 * @throws the error of the API server if the node cannot be registered
 */
export async function startNodeLoop(
  api: CoreV1Api,
  isManaged: (pod: V1Pod) => boolean = () => true,
): Promise<NodeLoop> {
  await registerNode(api);
  const addresses = podAddresses();
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await reconcilePods(api, addresses, isManaged).catch(() => {
        // The API server is down: retried in the next round.
      });
      await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

async function registerNode(api: CoreV1Api): Promise<void> {
  await api.createNode({
    body: { metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE } } },
  });
  const node = await api.readNode({ name: NODE });
  const now = new Date();
  const amounts = { cpu: '64', memory: '256Gi', pods: '1000' };
  node.status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    capacity: amounts,
    allocatable: amounts,
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'NodeLoop',
        message: 'replaces a kubelet',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      },
    ],
  };
  await api.replaceNodeStatus({ name: NODE, body: node });
}

/** A different address for each pod, as `10.1.x.y`. */
function podAddresses(): () => string {
  let given = 0;
  return () => {
    given += 1;
    return `10.1.${(given >> 8) & 0xff}.${given & 0xff}`;
  };
}

async function reconcilePods(
  api: CoreV1Api,
  nextAddress: () => string,
  isManaged: (pod: V1Pod) => boolean,
): Promise<void> {
  const { items } = await api.listPodForAllNamespaces();
  for (const pod of items) {
    try {
      if (pod.spec?.nodeName === undefined) await bindPod(api, pod);
      else if (isManaged(pod)) await reconcilePod(api, pod, nextAddress);
    } catch (error) {
      // Deleted (404) or changed (409): retried in the next round.
      if (!(error instanceof ApiException && [404, 409].includes(error.code))) {
        throw error;
      }
    }
  }
}

async function bindPod(api: CoreV1Api, { metadata }: V1Pod): Promise<void> {
  const { namespace = '', name = '' } = metadata ?? {};
  const body = { metadata: { name }, target: { apiVersion: 'v1', kind: 'Node', name: NODE } };
  await api.createNamespacedPodBinding({ namespace, name, body });
}

async function reconcilePod(api: CoreV1Api, pod: V1Pod, nextAddress: () => string): Promise<void> {
  const namespace = pod.metadata?.namespace ?? '';
  const name = pod.metadata?.name ?? '';
  if (pod.metadata?.deletionTimestamp !== undefined) {
    await api.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
  } else if (pod.status?.phase === 'Pending') {
    await api.replaceNamespacedPodStatus({ namespace, name, body: runningPod(pod, nextAddress()) });
  }
}

/** The pod with running containers, ready or not. */
export function runningPod(pod: V1Pod, podIP: string, isReady = true): V1Pod {
  const now = new Date();
  const containers = pod.spec?.containers ?? [];
  return {
    ...pod,
    status: {
      phase: 'Running',
      hostIP: '127.0.0.1',
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: now,
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: isReady || !type.endsWith('Ready') ? 'True' : 'False',
        lastTransitionTime: now,
      })),
      containerStatuses: containers.map(({ name, image }) => ({
        name,
        image: image ?? '',
        imageID: '',
        ready: isReady,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      })),
    },
  };
}
