import {
  type ApiField,
  type ApiType,
  type ApiTypes,
  listOf,
  optional,
  ref,
  required,
  type TableColumn,
} from '../../apiserver/registration/api-type.ts';
import { kindFields, listType, typeNames } from '../../apiserver/registration/server-types.ts';

/** The kinds of single objects. */
export type ResourceMetricsKind = 'NodeMetrics' | 'PodMetrics';

const group = 'metrics.k8s.io';
const version = 'v1beta1';

export const API_VERSION = `${group}/${version}`;

/** The name of a type of k8s.io/metrics/pkg/apis/metrics. */
export function typeName(type: string): string {
  return `io.k8s.metrics.pkg.apis.metrics.${version}.${type}`;
}

const COLUMNS: readonly TableColumn[] = [
  { name: 'cpu', format: 'quantity' },
  { name: 'memory', format: 'quantity' },
  { name: 'Window', format: 'duration' },
];

const usage = (number: number): ApiField =>
  required(
    number,
    { mapOf: ref(typeNames.quantity) },
    'The usage of cpu (cores) and memory (bytes).',
  );

/** The types of metrics.k8s.io. */
export const resourceMetricTypes: ApiTypes = new Map<string, ApiType>([
  [
    typeName('ContainerMetrics'),
    {
      description: 'What a container uses.',
      fields: { name: required(1, 'string', 'The name of the container.'), usage: usage(2) },
    },
  ],
  ...kindTypes('NodeMetrics', 'What a node uses.', 'What nodes use.', { usage: usage(4) }),
  ...kindTypes('PodMetrics', 'What the containers of a pod use.', 'What pods use.', {
    containers: required(
      4,
      listOf(ref(typeName('ContainerMetrics'))),
      'The containers, sorted by name.',
    ),
  }),
]);

/** A kind and the kind of its lists. */
function kindTypes(
  kind: ResourceMetricsKind,
  description: string,
  listDescription: string,
  usageFields: Readonly<Record<string, ApiField>>,
): [string, ApiType][] {
  const list = `${kind}List`;
  return [
    [
      typeName(kind),
      {
        description,
        fields: {
          ...kindFields,
          metadata: optional(1, ref(typeNames.objectMeta), 'Metadata of the node or pod.'),
          timestamp: required(2, ref(typeNames.time), 'When the metric was evaluated.'),
          window: required(
            3,
            ref(typeNames.duration),
            'How long before the timestamp the usage was measured over.',
          ),
          ...usageFields,
        },
        kind: { group, version, kind },
        columns: COLUMNS,
      },
    ],
    [
      typeName(list),
      listType({ group, version, kind: list }, typeName(kind), listDescription, 'One for each.'),
    ],
  ];
}
