import { ensureKubectl } from '../../scripts/parts/kubectl.ts';
import { ensureKubernetes } from '../../scripts/parts/kubernetes-binaries.ts';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';

/**
 * Makes the programs of the end-to-end tests available before the first test starts: the first time
 * it takes longer than a test may take. Vitest's global setup.
 */
export async function setup(): Promise<void> {
  await Promise.all([ensureKubectl(), ensurePrometheus(), ensureKubernetes()]);
}
