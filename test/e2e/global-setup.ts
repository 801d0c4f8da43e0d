import type { TestProject } from 'vitest/node';
import type { ClusterAddress } from '../../scripts/parts/cluster.ts';
import { startControlPlane } from '../../scripts/parts/control-plane.ts';
import { ensureKubectl } from '../../scripts/parts/kubectl.ts';
import { ensureKubernetes } from '../../scripts/parts/kubernetes-binaries.ts';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The clusters that test files share: one for each worker. */
    readonly clusters: readonly ClusterAddress[];
  }
}

/**
 * Makes the programs of the end-to-end tests available before the first test starts, since making
 * them takes longer, the first time, than a test may take; and starts a cluster for each worker, in
 * which its test files run one after the other. Vitest's global setup.
 */
export async function setup({ config, provide }: TestProject): Promise<() => Promise<void>> {
  await Promise.all([ensureKubectl(), ensurePrometheus(), ensureKubernetes()]);
  const clusters = await Promise.all(
    Array.from({ length: config.maxWorkers }, () => startControlPlane({ controllers: true })),
  );
  provide(
    'clusters',
    clusters.map(({ address }) => address),
  );
  return async () => {
    await Promise.all(clusters.map(({ stop }) => stop()));
  };
}
