import { timestampFromSeconds } from '../../apimachinery/timestamp.ts';
import {
  type ApiField,
  type ApiType,
  type ApiTypes,
  optional,
  ref,
  required,
} from '../../apiserver/registration/api-type.ts';
import { listType, typeNames } from '../../apiserver/registration/server-types.ts';
import { listItems } from '../../apiserver/representation/long-list.ts';
import type { MetricValue } from '../../metrics/custom.ts';

export const KIND = 'MetricValueList';

const group = 'custom.metrics.k8s.io';

/** The name of a type of k8s.io/metrics/pkg/apis/custom_metrics. */
export function typeName(version: string, type: string): string {
  return `io.k8s.metrics.pkg.apis.custom_metrics.${version}.${type}`;
}

const describedObject = required(
  1,
  ref(typeNames.objectReference),
  'The object that the metric is about.',
);
const timestamp = required(3, ref(typeNames.time), 'When the metric was evaluated.');
const window = optional(
  4,
  'int64',
  'The seconds before the timestamp that the value was calculated from; absent if not known.',
);
const value = required(5, ref(typeNames.quantity), 'The value of the metric.');
const selector = (number: number): ApiField => ({
  ...optional(
    number,
    ref(typeNames.labelSelector),
    'The selector on the labels of the metric, as in the request; null: none.',
  ),
  nullable: true,
});

/** The types of custom.metrics.k8s.io. */
export const customMetricTypes: ApiTypes = new Map<string, ApiType>([
  [
    typeName('v1beta1', 'MetricValue'),
    {
      description: 'The value of a metric of an object.',
      fields: {
        describedObject,
        metricName: required(2, 'string', 'The name of the metric.'),
        timestamp,
        window,
        value,
        selector: { ...selector(6), required: true },
      },
    },
  ],
  [
    typeName('v1beta2', 'MetricIdentifier'),
    {
      description: 'Says which metric it is.',
      fields: {
        name: required(1, 'string', 'The name of the metric.'),
        selector: selector(2),
      },
    },
  ],
  [
    typeName('v1beta2', 'MetricValue'),
    {
      description: 'The value of a metric of an object.',
      fields: {
        describedObject,
        metric: required(2, ref(typeName('v1beta2', 'MetricIdentifier')), 'Which metric it is.'),
        timestamp,
        windowSeconds: window,
        value,
      },
    },
  ],
  ...['v1beta1', 'v1beta2'].map((version): [string, ApiType] => [
    typeName(version, KIND),
    listType(
      { group, version, kind: KIND },
      typeName(version, 'MetricValue'),
      'The values of a metric for the requested objects.',
      'One value for each object.',
    ),
  ]),
]);

/** A MetricValueList. */
export function metricValueList(version: string, values: readonly MetricValue[]): object {
  return {
    kind: KIND,
    apiVersion: `${group}/${version}`,
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
