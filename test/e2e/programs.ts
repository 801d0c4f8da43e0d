import { ensureKubectl } from '../../scripts/parts/kubectl.ts';
import { ensureKubernetes } from '../../scripts/parts/kubernetes-binaries.ts';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';

/**
 * Has the programs of the end-to-end tests at hand before the first of them starts: to make them
 * takes longer, the first time, than any test may take. Vitest's global setup.
 */
export async function setup(): Promise<void> {
  await ensureKubectl();
  await ensurePrometheus();
  await ensureKubernetes();
}
