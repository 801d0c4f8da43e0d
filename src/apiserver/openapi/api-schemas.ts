import type { ApiSchema, FieldSchema, SchemaField } from './schema.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const customMetrics = 'io.k8s.metrics.pkg.apis.custom_metrics';
const externalMetrics = 'io.k8s.metrics.pkg.apis.external_metrics.v1beta1';
const resourceMetrics = 'io.k8s.metrics.pkg.apis.metrics.v1beta1';

/** The types that the server's paths answer with, by the names that Kubernetes gives them. */
export const schemaNames = {
  apiGroupList: `${meta}.APIGroupList`,
  apiGroup: `${meta}.APIGroup`,
  apiResourceList: `${meta}.APIResourceList`,
  versionInfo: 'io.k8s.apimachinery.pkg.version.Info',
  metricValueList: (version: string) => `${customMetrics}.${version}.MetricValueList`,
  resourceMetrics: (kind: string) => `${resourceMetrics}.${kind}`,
  externalMetricValueList: `${externalMetrics}.ExternalMetricValueList`,
} as const;

function field(type: FieldSchema, description: string): SchemaField {
  return { type, description };
}

function required(type: FieldSchema, description: string): SchemaField {
  return { type, description, required: true };
}

const ref = (name: string): FieldSchema => ({ ref: name });
const listOf = (type: FieldSchema): FieldSchema => ({ listOf: type });

const kindFields = {
  apiVersion: field('string', 'The group and version of the schema that this object has.'),
  kind: field('string', 'The kind of this object.'),
};

const time = ref(`${meta}.Time`);
const quantity = ref('io.k8s.apimachinery.pkg.api.resource.Quantity');
const selector = ref(`${meta}.LabelSelector`);
const textMap: FieldSchema = { mapOf: 'string' };

const describedObject = required(
  ref('io.k8s.api.core.v1.ObjectReference'),
  'The object that the metric is about.',
);
const timestamp = required(time, 'When the metric was evaluated.');
const metricSelector: SchemaField = {
  ...field(selector, 'The selector on the labels of the metric, as asked for; null: none.'),
  nullable: true,
};
const window = field(
  'int64',
  'The seconds before the timestamp that the value was calculated from; absent where that is not known.',
);

const usage = required({ mapOf: quantity }, 'By cpu (cores) and memory (bytes), what is used.');

/** Every type of the API. Documents are made from this table alone. */
export const apiSchemas: ReadonlyMap<string, ApiSchema> = new Map<string, ApiSchema>([
  [
    `${customMetrics}.v1beta1.MetricValue`,
    {
      description: 'The value of a metric of an object.',
      fields: {
        describedObject,
        metricName: required('string', 'The name of the metric.'),
        timestamp,
        window,
        value: required(quantity, 'The value of the metric.'),
        selector: { ...metricSelector, required: true },
      },
    },
  ],
  [
    `${customMetrics}.v1beta2.MetricIdentifier`,
    {
      description: 'Says which metric it is.',
      fields: { name: required('string', 'The name of the metric.'), selector: metricSelector },
    },
  ],
  [
    `${customMetrics}.v1beta2.MetricValue`,
    {
      description: 'The value of a metric of an object.',
      fields: {
        describedObject,
        metric: required(ref(`${customMetrics}.v1beta2.MetricIdentifier`), 'Which metric it is.'),
        timestamp,
        windowSeconds: window,
        value: required(quantity, 'The value of the metric.'),
      },
    },
  ],
  ...['v1beta1', 'v1beta2'].map((version): [string, ApiSchema] => [
    `${customMetrics}.${version}.MetricValueList`,
    {
      description: 'The values of a metric for the objects that were asked for.',
      fields: {
        ...kindFields,
        metadata: required(ref(`${meta}.ListMeta`), 'Metadata of the list.'),
        items: required(
          listOf(ref(`${customMetrics}.${version}.MetricValue`)),
          'One value for each object.',
        ),
      },
      kind: { group: 'custom.metrics.k8s.io', version, kind: 'MetricValueList' },
    },
  ]),
  [
    `${externalMetrics}.ExternalMetricValue`,
    {
      description: 'A value of a metric that is about no object of the cluster.',
      fields: {
        metricName: required('string', 'The name of the metric.'),
        metricLabels: {
          ...required(textMap, 'The labels of the series that has this value; null: no series.'),
          nullable: true,
        },
        timestamp,
        window,
        value: required(quantity, 'The value of the metric.'),
      },
    },
  ],
  [
    `${externalMetrics}.ExternalMetricValueList`,
    {
      description: 'The values of a metric, one for each series.',
      fields: {
        ...kindFields,
        metadata: required(ref(`${meta}.ListMeta`), 'Metadata of the list.'),
        items: required(
          listOf(ref(`${externalMetrics}.ExternalMetricValue`)),
          'One value for each series.',
        ),
      },
      kind: {
        group: 'external.metrics.k8s.io',
        version: 'v1beta1',
        kind: 'ExternalMetricValueList',
      },
    },
  ],
  [
    schemaNames.resourceMetrics('ContainerMetrics'),
    {
      description: 'What a container uses.',
      fields: { name: required('string', 'The name of the container.'), usage },
    },
  ],
  ...(['NodeMetrics', 'PodMetrics'] as const).flatMap((kind): [string, ApiSchema][] => {
    const gvk = { group: 'metrics.k8s.io', version: 'v1beta1' };
    const isNode = kind === 'NodeMetrics';
    return [
      [
        schemaNames.resourceMetrics(kind),
        {
          description: isNode ? 'What a node uses.' : 'What the containers of a pod use.',
          fields: {
            ...kindFields,
            metadata: field(ref(`${meta}.ObjectMeta`), 'Metadata of the node or pod.'),
            timestamp,
            window: required(
              ref(`${meta}.Duration`),
              'How long before the timestamp the usage was measured over.',
            ),
            ...(isNode
              ? { usage }
              : {
                  containers: required(
                    listOf(ref(schemaNames.resourceMetrics('ContainerMetrics'))),
                    'The containers, sorted by name.',
                  ),
                }),
          },
          kind: { ...gvk, kind },
        },
      ],
      [
        schemaNames.resourceMetrics(`${kind}List`),
        {
          description: isNode ? 'What nodes use.' : 'What pods use.',
          fields: {
            ...kindFields,
            metadata: required(ref(`${meta}.ListMeta`), 'Metadata of the list.'),
            items: required(listOf(ref(schemaNames.resourceMetrics(kind))), 'One for each.'),
          },
          kind: { ...gvk, kind: `${kind}List` },
        },
      ],
    ];
  }),
  [
    'io.k8s.api.core.v1.ObjectReference',
    {
      description: 'Says which object it is.',
      fields: {
        apiVersion: field('string', 'The group and version of the object.'),
        kind: field('string', 'The kind of the object.'),
        name: field('string', 'The name of the object.'),
        namespace: field('string', 'The namespace of the object, where it has one.'),
      },
    },
  ],
  [
    'io.k8s.apimachinery.pkg.api.resource.Quantity',
    {
      description: 'A number with an optional suffix such as m (thousandths), k, M, Ki or Mi.',
      format: 'quantity',
    },
  ],
  [`${meta}.Duration`, { description: 'A duration as Go writes it, e.g. 1m30s.' }],
  [
    `${meta}.ObjectMeta`,
    {
      description: 'Metadata of an object.',
      fields: {
        name: field('string', 'The name of the object.'),
        namespace: field('string', 'The namespace of the object, where it has one.'),
        labels: field(textMap, 'The labels of the object.'),
        creationTimestamp: field(time, 'When this answer was made.'),
      },
    },
  ],
  [`${meta}.Time`, { description: 'A time as RFC 3339 writes it.', format: 'date-time' }],
  [
    `${meta}.ListMeta`,
    {
      description: 'Metadata of a list.',
      fields: { resourceVersion: field('string', 'Empty: metrics have no versions.') },
    },
  ],
  [
    `${meta}.LabelSelector`,
    {
      description: 'A query over labels: all of its parts must hold.',
      fields: {
        matchLabels: field(textMap, 'Labels and the values that they must have.'),
        matchExpressions: field(
          listOf(ref(`${meta}.LabelSelectorRequirement`)),
          'Requirements on labels.',
        ),
      },
    },
  ],
  [
    `${meta}.LabelSelectorRequirement`,
    {
      description: 'A requirement on one label.',
      fields: {
        key: required('string', 'The name of the label.'),
        operator: required('string', 'In, NotIn, Exists or DoesNotExist.'),
        values: field(listOf('string'), 'The values for In and NotIn.'),
      },
    },
  ],
  [
    `${meta}.GroupVersionForDiscovery`,
    {
      description: 'A version of an API group.',
      fields: {
        groupVersion: required('string', 'The group and the version, as group/version.'),
        version: required('string', 'The version.'),
      },
    },
  ],
  [
    `${meta}.APIGroup`,
    {
      description: 'An API group and its versions.',
      fields: {
        ...kindFields,
        name: required('string', 'The name of the group.'),
        versions: required(
          listOf(ref(`${meta}.GroupVersionForDiscovery`)),
          'The versions that are served.',
        ),
        preferredVersion: field(
          ref(`${meta}.GroupVersionForDiscovery`),
          'The version to use where it does not matter.',
        ),
      },
      kind: { group: '', version: 'v1', kind: 'APIGroup' },
    },
  ],
  [
    `${meta}.APIGroupList`,
    {
      description: 'The API groups that are served.',
      fields: { ...kindFields, groups: required(listOf(ref(`${meta}.APIGroup`)), 'The groups.') },
      kind: { group: '', version: 'v1', kind: 'APIGroupList' },
    },
  ],
  [
    `${meta}.APIResource`,
    {
      description: 'A resource of an API group.',
      fields: {
        name: required('string', 'The name of the resource, in the plural.'),
        singularName: required('string', 'The name of the resource in the singular.'),
        namespaced: required('boolean', 'Whether it belongs to a namespace.'),
        kind: required('string', 'The kind of the answer.'),
        verbs: required(listOf('string'), 'What can be done with it.'),
      },
    },
  ],
  [
    `${meta}.APIResourceList`,
    {
      description: 'The resources of a version of an API group.',
      fields: {
        ...kindFields,
        groupVersion: required('string', 'The group and the version, as group/version.'),
        resources: required(listOf(ref(`${meta}.APIResource`)), 'The resources.'),
      },
      kind: { group: '', version: 'v1', kind: 'APIResourceList' },
    },
  ],
  [
    schemaNames.versionInfo,
    {
      description: 'The version of this program.',
      fields: Object.fromEntries(
        [
          ['major', 'The first part of the version.'],
          ['minor', 'The second part of the version.'],
          ['gitVersion', 'The version.'],
          ['gitCommit', 'Empty.'],
          ['gitTreeState', 'Empty.'],
          ['buildDate', 'Empty.'],
          ['goVersion', 'Empty: this is no Go program.'],
          ['compiler', 'Empty.'],
          ['platform', 'The operating system and the processor.'],
        ].map(([name = '', description = '']) => [name, required('string', description)]),
      ),
    },
  ],
]);
