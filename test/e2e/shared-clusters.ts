import type { TestProject } from 'vitest/node';
import type { ClusterAddress } from '../../scripts/parts/cluster.ts';
import { startControlPlane } from '../../scripts/parts/control-plane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The clusters that test files share: one for each worker. */
    readonly clusters: readonly ClusterAddress[];
  }
}

/** Starts a cluster for each worker, whose test files share it. Vitest's global setup. */
export async function setup({ config, provide }: TestProject): Promise<() => Promise<void>> {
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
