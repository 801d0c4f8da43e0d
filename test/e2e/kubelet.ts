import { setTimeout as sleep } from 'node:timers/promises';
import { ApiException, type CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import { runningPod } from '../../scripts/parts/node-loop.ts';
import type { RunningProcess } from '../../scripts/parts/process.ts';

const POLL_MS = 100;

/** A process that stands for the only container of a pod. */
export interface PodProcess extends RunningProcess {
  /** Where it serves on this machine. */
  readonly port: number;
  /** The result of the readiness probe of the pod. */
  isReady(): Promise<boolean>;
}

/** Runs pods as processes of this machine. */
export interface Kubelet {
  /** The local port of the pod with this address; undefined where nothing runs there. */
  portOf(podIP: string): number | undefined;
  /** The local ports of all pods that run. */
  ports(): readonly number[];
  /** The names of the pods that have come to their end. */
  readonly ended: readonly string[];
  stop(): Promise<void>;
}

export interface KubeletSettings {
  readonly api: CoreV1Api;
  /** Which pods. */
  readonly namespace: string;
  readonly labelSelector: string;
  /** @returns when the container runs, which is before it is ready */
  readonly start: (pod: V1Pod) => Promise<PodProcess>;
}

/**
 * Runs pods as a kubelet does: starts each one that is bound to a node, probes it at the interval of its
 * readinessProbe, updates its status in the API server, and ends it with SIGTERM when it is deleted.
 */
export function startKubelet(settings: KubeletSettings): Kubelet {
  const { api, namespace, labelSelector } = settings;
  const known = new Map<string, Promise<void>>();
  const ports = new Map<string, number>();
  const ended: string[] = [];
  const stopping = new AbortController();
  const syncPods = async () => {
    const { items } = await api.listNamespacedPod({ namespace, labelSelector });
    for (const pod of items) {
      const name = pod.metadata?.name ?? '';
      if (pod.spec?.nodeName === undefined || known.has(name)) continue;
      const podIP = `10.2.0.${known.size + 1}`;
      const end = runPod(settings, pod, podIP, ports, stopping.signal);
      known.set(
        name,
        end.then(() => void ended.push(name)),
      );
    }
  };
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await syncPods();
      await sleep(POLL_MS);
    }
  })();
  // `stop` reports the error.
  loop.catch(() => undefined);
  return {
    portOf: (podIP) => ports.get(podIP),
    ports: () => [...ports.values()],
    ended,
    async stop() {
      stopping.abort();
      const ends = await Promise.allSettled([loop, ...known.values()]);
      const failed = ends.filter((end) => end.status === 'rejected');
      if (failed.length > 0) {
        throw new AggregateError(
          failed.map(({ reason }) => reason),
          'pods could not be run',
        );
      }
    },
  };
}

/** The life of one pod. */
async function runPod(
  { api, start }: KubeletSettings,
  pod: V1Pod,
  podIP: string,
  ports: Map<string, number>,
  stopping: AbortSignal,
): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const running = await start(pod);
  ports.set(podIP, running.port);
  const periodMs = (pod.spec?.containers[0]?.readinessProbe?.periodSeconds ?? 10) * 1000;
  let probeAt = 0;
  let wasReady: boolean | undefined;
  while (!stopping.aborted) {
    const current = await readPod(api, namespace, name);
    if (current === undefined || current.metadata?.deletionTimestamp !== undefined) break;
    if (performance.now() >= probeAt) {
      probeAt = performance.now() + periodMs;
      const isReady = await running.isReady().catch(() => false);
      if (isReady !== wasReady) {
        const body = runningPod(current, podIP, isReady);
        wasReady = await api
          .replaceNamespacedPodStatus({ namespace, name, body })
          .then(() => isReady, ignoring(404, 409));
      }
    }
    await sleep(POLL_MS);
  }
  await running.stop();
  ports.delete(podIP);
  if (stopping.aborted) return;
  await api.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }).catch(ignoring(404));
}

async function readPod(
  api: CoreV1Api,
  namespace: string,
  name: string,
): Promise<V1Pod | undefined> {
  return api.readNamespacedPod({ namespace, name }).catch(ignoring(404));
}

/** Deleted (404) or changed (409) in the meantime: the next iteration reads the new state. */
function ignoring(...codes: readonly number[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof ApiException && codes.includes(error.code))) throw error;
  };
}
