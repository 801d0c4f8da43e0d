import { timestampFromSeconds } from '../apimachinery/timestamp.ts';
import type { MetricValue } from '../metrics/custom.ts';
import type { ExternalMetricValue } from '../metrics/external.ts';
import { listItems } from './representation/long-list.ts';

/** MetricValueList of custom.metrics.k8s.io, `v1beta1` or `v1beta2`. */
export function metricValueList(version: string, values: readonly MetricValue[]): object {
  return {
    kind: 'MetricValueList',
    apiVersion: `custom.metrics.k8s.io/${version}`,
    metadata: {},
    items: listItems(values, version === 'v1beta1' ? itemV1beta1 : itemV1beta2),
  };
}

function itemV1beta2({ describedObject, metric, timestamp, value }: MetricValue): object {
  return { describedObject, metric, timestamp: timestampFromSeconds(timestamp), value };
}

function itemV1beta1({ describedObject, metric, timestamp, value }: MetricValue): object {
  return {
    describedObject,
    metricName: metric.name,
    timestamp: timestampFromSeconds(timestamp),
    value,
    selector: metric.selector,
  };
}

/** ExternalMetricValueList of external.metrics.k8s.io/v1beta1. */
export function externalMetricValueList(values: Iterable<ExternalMetricValue>): object {
  return {
    kind: 'ExternalMetricValueList',
    apiVersion: 'external.metrics.k8s.io/v1beta1',
    metadata: {},
    items: listItems(values, ({ timestamp, ...rest }) => ({
      ...rest,
      timestamp: timestampFromSeconds(timestamp),
    })),
  };
}
