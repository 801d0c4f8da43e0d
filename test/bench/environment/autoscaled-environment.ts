import { setTimeout as sleep } from 'node:timers/promises';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { ControlPlane } from '../../../scripts/parts/control-plane.ts';
import { autoscaler } from '../../e2e/autoscaler.ts';
import type { Kubectl } from '../../e2e/kubectl.ts';
import { type OnEnd, say } from '../run-bench.ts';
import {
  createFleet,
  type Fleet,
  type FleetWorkload,
  fleetPaths,
  fleetPod,
  fleetRules,
  fleetSeries,
  REQUESTS_PER_SECOND,
} from './fleet.ts';
import { type StartedEnvironment, startEnvironment } from './start-environment.ts';

const REPLICAS = 2;
const CREATED_AT_ONCE = 16;
const RUNNING_TIMEOUT_MS = 180_000;

/**
 * A cluster whose autoscalers each look after a Deployment of two pods, which have just as many
 * requests as they are to have: nothing is scaled while it is measured.
 */
export async function autoscaledEnvironment(
  { autoscalers, periodSeconds }: { readonly autoscalers: number; readonly periodSeconds: number },
  onEnd: OnEnd,
): Promise<StartedEnvironment> {
  const planned = createFleet(autoscalers * REPLICAS, autoscalers);
  let running = planned;
  say(`starting a control plane with ${autoscalers} Deployments, and a Prometheus`);
  return startEnvironment(
    {
      rules: fleetRules(),
      series: () => fleetSeries(running),
      paths: fleetPaths(planned).filter((path) => path.includes('/pods/')),
      controllerManagerFlags: [`--horizontal-pod-autoscaler-sync-period=${periodSeconds}s`],
      async populate(plane, kubectl) {
        await createDeployments(plane, planned);
        running = await runningFleet(kubectl, planned);
        await plane.pauseNodes();
        await kubectl.apply(...planned.workloads.map((of) => autoscalerOf(plane, of)));
      },
    },
    onEnd,
  );
}

function autoscalerOf({ minor }: ControlPlane, { namespace, name }: FleetWorkload) {
  return autoscaler(minor, namespace, name, 2 * REPLICAS, {
    type: 'Pods',
    pods: {
      metric: { name: 'http_requests_per_second' },
      target: { type: 'AverageValue', averageValue: String(REQUESTS_PER_SECOND) },
    },
  });
}

async function createDeployments(plane: ControlPlane, fleet: Fleet): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  for (const name of fleet.namespaces) {
    await core.createNamespace({ body: { metadata: { name } } });
  }
  const workloads = fleet.workloads.values();
  const create = async (): Promise<void> => {
    for (const of of workloads) await createDeployment(apps, of);
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, create));
}

async function createDeployment(apps: AppsV1Api, of: FleetWorkload): Promise<void> {
  const { metadata, spec } = fleetPod(of, of.name);
  const labels = { app: of.name };
  await apps.createNamespacedDeployment({
    namespace: of.namespace,
    body: {
      metadata: { name: of.name, labels },
      spec: {
        replicas: REPLICAS,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels: { ...metadata?.labels }, annotations: { ...metadata?.annotations } },
          ...(spec && { spec }),
        },
      },
    },
  });
}

/** The fleet with the names that its pods have got, once all of them run. */
async function runningFleet(kubectl: Kubectl, planned: Fleet): Promise<Fleet> {
  const deadline = performance.now() + RUNNING_TIMEOUT_MS;
  const wanted = planned.workloads.length * REPLICAS;
  for (;;) {
    const pods = await runningPods(kubectl);
    if (pods.length === wanted) return withPods(planned, pods);
    if (performance.now() > deadline) {
      throw new Error(`${pods.length} of ${wanted} pods run after ${RUNNING_TIMEOUT_MS} ms`);
    }
    await sleep(2_000);
  }
}

interface RunningPod {
  readonly app: string;
  readonly name: string;
}

async function runningPods(kubectl: Kubectl): Promise<readonly RunningPod[]> {
  const told = await kubectl.run(
    'get',
    'pods',
    '--all-namespaces',
    '--field-selector=status.phase=Running',
    '--output=jsonpath={range .items[*]}{.metadata.labels.app} {.metadata.name}{"\\n"}{end}',
  );
  return told
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [app = '', name = ''] = line.split(' ');
      return { app, name };
    });
}

function withPods(fleet: Fleet, pods: readonly RunningPod[]): Fleet {
  const names = Map.groupBy(pods, ({ app }) => app);
  return {
    ...fleet,
    workloads: fleet.workloads.map((of) => ({
      ...of,
      pods: (names.get(of.name) ?? []).map(({ name }) => name),
    })),
  };
}
