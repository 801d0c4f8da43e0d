import { formatGoDuration } from '../../apimachinery/go-duration.ts';
import { formatMilli } from '../../apimachinery/quantity.ts';
import { timestampFromSeconds } from '../../apimachinery/timestamp.ts';
import type { Tabled } from '../../apiserver/representation/table.ts';
import type { ObjectIdentity } from '../../metrics/objects.ts';
import type { NodeMetrics, PodMetrics } from '../../metrics/resource.ts';
import type { ResourceUsage } from '../../metrics/sample-value.ts';
import { API_VERSION } from './kinds.ts';

/**
 * PodMetrics of metrics.k8s.io/v1beta1; its row has the sums over the containers.
 *
 * @param now in seconds since the epoch
 */
export function podMetrics(pod: PodMetrics, now: number): Tabled {
  const window = formatGoDuration(pod.window);
  return {
    object: {
      kind: 'PodMetrics',
      apiVersion: API_VERSION,
      metadata: metadata(pod.object, now),
      ...{ timestamp: timestampFromSeconds(pod.timestamp), window },
      ...{ containers: pod.containers.map(({ name, usage }) => ({ name, usage: used(usage) })) },
    },
    cells: cells(
      pod.containers.map(({ usage }) => usage),
      window,
    ),
  };
}

/**
 * NodeMetrics of metrics.k8s.io/v1beta1.
 *
 * @param now in seconds since the epoch
 */
export function nodeMetrics(node: NodeMetrics, now: number): Tabled {
  const window = formatGoDuration(node.window);
  return {
    object: {
      kind: 'NodeMetrics',
      apiVersion: API_VERSION,
      metadata: metadata(node.object, now),
      ...{ timestamp: timestampFromSeconds(node.timestamp), window, usage: used(node.usage) },
    },
    cells: cells([node.usage], window),
  };
}

/** The creation timestamp is that of the request. */
function metadata({ name, namespace, labels }: ObjectIdentity, now: number) {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    creationTimestamp: timestampFromSeconds(now),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

/** Unknown usage is left out: an autoscaler then ignores the pod, whereas 0 would mislead it. */
function used({ cpu, memory }: ResourceUsage): Readonly<Record<string, string>> {
  return {
    ...(cpu !== undefined && { cpu: cpuQuantity(cpu) }),
    ...(memory !== undefined && { memory: memoryQuantity(memory) }),
  };
}

function cells(usages: readonly ResourceUsage[], window: string): readonly string[] {
  const cpu = sum(usages.map((usage) => usage.cpu));
  const memory = sum(usages.map((usage) => usage.memory));
  return [
    cpu === undefined ? UNKNOWN : cpuQuantity(cpu),
    memory === undefined ? UNKNOWN : memoryQuantity(memory),
    window,
  ];
}

/** As in the Tables of Kubernetes. */
const UNKNOWN = '<unknown>';

/** Undefined if one of them is: the sum of the others would be too small. */
function sum(values: readonly (bigint | undefined)[]): bigint | undefined {
  let total = 0n;
  for (const value of values) {
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}

function cpuQuantity(milli: bigint): string {
  return formatMilli(milli, 'DecimalSI');
}

function memoryQuantity(milli: bigint): string {
  return formatMilli(milli, 'BinarySI');
}
