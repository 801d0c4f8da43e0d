import { timestampFromSeconds } from '../../apimachinery/timestamp.ts';
import {
  type ApiType,
  type ApiTypes,
  optional,
  ref,
  required,
} from '../../apiserver/registration/api-type.ts';
import { listType, stringMap, typeNames } from '../../apiserver/registration/server-types.ts';
import { listItems } from '../../apiserver/representation/long-list.ts';
import type { ExternalMetricValue } from '../../metrics/external.ts';

export const KIND = 'ExternalMetricValueList';

const group = 'external.metrics.k8s.io';
const version = 'v1beta1';

/** The name of a type of k8s.io/metrics/pkg/apis/external_metrics. */
export function typeName(type: string): string {
  return `io.k8s.metrics.pkg.apis.external_metrics.${version}.${type}`;
}

/** The types of external.metrics.k8s.io. */
export const externalMetricTypes: ApiTypes = new Map<string, ApiType>([
  [
    typeName('ExternalMetricValue'),
    {
      description: 'A value of a metric that is about no object of the cluster.',
      fields: {
        metricName: required(1, 'string', 'The name of the metric.'),
        metricLabels: {
          ...required(
            2,
            stringMap,
            'The labels of the series that has this value; null: no series.',
          ),
          nullable: true,
        },
        timestamp: required(3, ref(typeNames.time), 'When the metric was evaluated.'),
        window: optional(
          4,
          'int64',
          'The seconds before the timestamp that the value was calculated from; absent if not known.',
        ),
        value: required(5, ref(typeNames.quantity), 'The value of the metric.'),
      },
    },
  ],
  [
    typeName(KIND),
    listType(
      { group, version, kind: KIND },
      typeName('ExternalMetricValue'),
      'The values of a metric, one for each series.',
      'One value for each series.',
    ),
  ],
]);

/** An ExternalMetricValueList. */
export function externalMetricValueList(values: Iterable<ExternalMetricValue>): object {
  return {
    kind: KIND,
    apiVersion: `${group}/${version}`,
    metadata: {},
    items: listItems(values, ({ timestamp, ...rest }) => ({
      ...rest,
      timestamp: timestampFromSeconds(timestamp),
    })),
  };
}
