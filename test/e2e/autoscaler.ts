import type { Kubectl, Manifest } from './kubectl.ts';

/** A HorizontalPodAutoscaler's view of a metric, as in `spec.metrics`. */
export type MetricSpec = Readonly<Record<string, unknown>>;

const MINOR_WITH_V2 = 23;

/** The version of the autoscaling API that knows custom metrics, in this version of Kubernetes. */
function autoscalingVersion(minor: number): string {
  return minor < MINOR_WITH_V2 ? 'v2beta2' : 'v2';
}

/** What kubectl calls autoscalers in that version. */
export function autoscalerResource(minor: number): string {
  return `horizontalpodautoscalers.${autoscalingVersion(minor)}.autoscaling`;
}

/**
 * A HorizontalPodAutoscaler for the Deployment of the same name, from 1 replica on.
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

/** What an autoscaler says of itself. */
export interface AutoscalerStatus {
  /** e.g. `True ValidMetricFound`. */
  readonly scalingActive: string;
  /** What it made of the metric, e.g. `25` or `8333m`; empty where it could not be had. */
  readonly metric: string;
  readonly replicas: string;
}

/** What the autoscalers of a namespace have said of their rescaling, a line each. */
export function rescaleMessages(kubectl: Kubectl, namespace: string): Promise<string> {
  return kubectl.run(
    'get',
    'events',
    `--namespace=${namespace}`,
    '--field-selector=reason=SuccessfulRescale',
    '--output=jsonpath={range .items[*]}{.message}{"\\n"}{end}',
  );
}

/** @param kind of the metric: where in the status it is told */
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
