import type { Kubectl, Manifest } from './kubectl.ts';

/** A metric of a HorizontalPodAutoscaler, as in `spec.metrics`. */
export type MetricSpec = Readonly<Record<string, unknown>>;

const MINOR_WITH_V2 = 23;

/** The version of the autoscaling API with custom metrics, in this version of Kubernetes. */
function autoscalingVersion(minor: number): string {
  return minor < MINOR_WITH_V2 ? 'v2beta2' : 'v2';
}

/** The resource of autoscalers in that version, for kubectl. */
export function autoscalerResource(minor: number): string {
  return `horizontalpodautoscalers.${autoscalingVersion(minor)}.autoscaling`;
}

/**
 * A HorizontalPodAutoscaler for the Deployment of the same name, with at least 1 replica.
 *
 * @param minor of the version of Kubernetes
 */
export function autoscaler(
  minor: number,
  namespace: string,
  name: string,
  maxReplicas: number,
  metric: MetricSpec,
): Manifest {
  return {
    apiVersion: `autoscaling/${autoscalingVersion(minor)}`,
    kind: 'HorizontalPodAutoscaler',
    metadata: { namespace, name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: 1,
      maxReplicas,
      metrics: [metric],
    },
  };
}

/** The status of an autoscaler. */
export interface AutoscalerStatus {
  /** e.g. `True ValidMetricFound`. */
  readonly scalingActive: string;
  /** The value of the metric, e.g. `25` or `8333m`; empty if it could not be read. */
  readonly metric: string;
  readonly replicas: string;
}

/** The messages of the rescale events of a namespace, one per line. */
export function rescaleMessages(kubectl: Kubectl, namespace: string): Promise<string> {
  return kubectl.run(
    'get',
    'events',
    `--namespace=${namespace}`,
    '--field-selector=reason=SuccessfulRescale',
    '--output=jsonpath={range .items[*]}{.message}{"\\n"}{end}',
  );
}

/** @param kind of the metric: the field of the status that has its value */
export async function autoscalerStatus(
  kubectl: Kubectl,
  minor: number,
  namespace: string,
  name: string,
  kind: 'pods' | 'object' | 'external',
): Promise<AutoscalerStatus> {
  const condition = '{.status.conditions[?(@.type=="ScalingActive")]';
  const fields = await kubectl.field(
    autoscalerResource(minor),
    name,
    [
      `${condition}.status}`,
      `${condition}.reason}`,
      `{.status.currentMetrics[0].${kind}.current.averageValue}`,
      '{.status.desiredReplicas}',
    ].join('|'),
    namespace,
  );
  const [status = '', reason = '', metric = '', replicas = ''] = fields.split('|');
  return { scalingActive: `${status} ${reason}`, metric, replicas };
}
