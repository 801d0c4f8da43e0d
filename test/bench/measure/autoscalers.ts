import { autoscalerResource } from '../../e2e/autoscaler.ts';
import type { Kubectl } from '../../e2e/kubectl.ts';

/** The HorizontalPodAutoscalers of a cluster. */
export interface Autoscalers {
  /** How many there are, and how many of them have a value to act by. */
  count(): Promise<{ readonly all: number; readonly active: number }>;
}

/** A list of HorizontalPodAutoscalers; one that was not evaluated yet has no conditions. */
interface AutoscalerList {
  readonly items: readonly {
    readonly status?: {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }[];
}

/** @param minor of the version of Kubernetes */
export function autoscalersOf(kubectl: Kubectl, minor: number): Autoscalers {
  return {
    async count() {
      const resource = autoscalerResource(minor);
      const { items }: AutoscalerList = JSON.parse(
        await kubectl.run('get', resource, '--all-namespaces', '--output=json'),
      );
      const active = items.filter(({ status }) =>
        status?.conditions?.some((each) => each.type === 'ScalingActive' && each.status === 'True'),
      );
      return { all: items.length, active: active.length };
    },
  };
}
