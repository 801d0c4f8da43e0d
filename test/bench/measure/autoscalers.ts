import { autoscalerResource } from '../../e2e/autoscaler.ts';
import type { Kubectl } from '../../e2e/kubectl.ts';

/** The HorizontalPodAutoscalers of a cluster. */
export interface Autoscalers {
  /** How many there are, and how many of them have a value to act by. */
  count(): Promise<{ readonly all: number; readonly active: number }>;
}

/** @param minor of the version of Kubernetes */
export function autoscalersOf(kubectl: Kubectl, minor: number): Autoscalers {
  const condition = '{.status.conditions[?(@.type=="ScalingActive")].status}';
  return {
    async count() {
      const told = await kubectl.run(
        'get',
        autoscalerResource(minor),
        '--all-namespaces',
        `--output=jsonpath={range .items[*]}{.metadata.name} ${condition}{"\\n"}{end}`,
      );
      const lines = told.split('\n').filter((line) => line !== '');
      return { all: lines.length, active: lines.filter((line) => line.endsWith(' True')).length };
    },
  };
}
