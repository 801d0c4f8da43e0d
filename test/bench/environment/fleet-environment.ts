import { readFile } from 'node:fs/promises';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { ControlPlane } from '../../../scripts/parts/control-plane.ts';
import type { BenchArguments } from '../arguments/bench-arguments.ts';
import { type OnEnd, say } from '../run-bench.ts';
import type { BenchEnvironment } from './bench-environment.ts';
import {
  createFleet,
  type Fleet,
  type FleetWorkload,
  fleetPaths,
  fleetPod,
  fleetRules,
  fleetSeries,
} from './fleet.ts';
import { startEnvironment } from './start-environment.ts';

/** At once; the API server takes 200 changes at a time. */
const CREATED_AT_ONCE = 32;

/** A cluster with pods that count requests, or what `--environment` has of one. */
export async function fleetEnvironment(
  flags: BenchArguments,
  onEnd: OnEnd,
): Promise<BenchEnvironment> {
  const file = flags.text('environment');
  if (file !== undefined) return JSON.parse(await readFile(file, 'utf8'));
  const pods = flags.count('pods');
  const fleet = createFleet(pods, flags.count('selectors'));
  say(`starting a control plane with ${pods} pods, and a Prometheus`);
  const series = fleetSeries(fleet);
  return startEnvironment(
    {
      rules: fleetRules(),
      series: () => series,
      paths: fleetPaths(fleet),
      populate: (plane) => createPods(plane, fleet),
    },
    onEnd,
  );
}

/** Pods that do not run: requests for metrics do not depend on it. */
async function createPods(plane: ControlPlane, { namespaces, workloads }: Fleet): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  for (const name of namespaces) await createNamespace(api, name);
  const pods = workloads.flatMap((of) => of.pods.map((name) => ({ of, name }))).values();
  const create = async (): Promise<void> => {
    for (const { of, name } of pods) await createPod(api, of, name);
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, create));
}

/** With the service account that pods need; there is no controller that creates it. */
async function createNamespace(api: CoreV1Api, name: string): Promise<void> {
  await api.createNamespace({ body: { metadata: { name } } });
  const body = { metadata: { name: 'default' }, automountServiceAccountToken: false };
  await api.createNamespacedServiceAccount({ namespace: name, body });
}

async function createPod(api: CoreV1Api, of: FleetWorkload, name: string): Promise<void> {
  await api.createNamespacedPod({ namespace: of.namespace, body: fleetPod(of, name) });
}
