import { type FieldType, type MessageType, messageType } from './message-type.ts';

/** Fields by name: number and type, with `'list'` for a repeated one. */
function message(
  fields: Readonly<Record<string, readonly [number, FieldType, 'list'?]>>,
): MessageType {
  const entries = Object.entries(fields).map(([name, [number, type, list]]) => [
    name,
    { number, type, repeated: list !== undefined },
  ]);
  return messageType(Object.fromEntries(entries));
}

// k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto

const listMeta = message({
  selfLink: [1, 'string'],
  resourceVersion: [2, 'string'],
  continue: [3, 'string'],
  remainingItemCount: [4, 'integer'],
});

const objectMeta = message({
  name: [1, 'string'],
  namespace: [3, 'string'],
  creationTimestamp: [8, 'time'],
  labels: [11, 'text map'],
});

const labelSelector = message({
  matchLabels: [1, 'text map'],
  matchExpressions: [
    2,
    message({ key: [1, 'string'], operator: [2, 'string'], values: [3, 'string', 'list'] }),
    'list',
  ],
});

const status = message({
  metadata: [1, listMeta],
  status: [2, 'string'],
  message: [3, 'string'],
  reason: [4, 'string'],
  details: [
    5,
    message({
      name: [1, 'string'],
      group: [2, 'string'],
      kind: [3, 'string'],
      causes: [
        4,
        message({ reason: [1, 'string'], message: [2, 'string'], field: [3, 'string'] }),
        'list',
      ],
      retryAfterSeconds: [5, 'integer'],
      uid: [6, 'string'],
    }),
  ],
  code: [6, 'integer'],
});

const groupVersion = message({ groupVersion: [1, 'string'], version: [2, 'string'] });

const apiGroup = message({
  name: [1, 'string'],
  versions: [2, groupVersion, 'list'],
  preferredVersion: [3, groupVersion],
});

const apiGroupList = message({ groups: [1, apiGroup, 'list'] });

const apiResourceList = message({
  groupVersion: [1, 'string'],
  resources: [
    2,
    message({
      name: [1, 'string'],
      namespaced: [2, 'boolean'],
      kind: [3, 'string'],
      verbs: [4, 'text list message'],
      shortNames: [5, 'string', 'list'],
      singularName: [6, 'string'],
      categories: [7, 'string', 'list'],
      group: [8, 'string'],
      version: [9, 'string'],
    }),
    'list',
  ],
});

// k8s.io/api/apidiscovery/v2/generated.proto, the same in v2beta1

const kind = message({ group: [1, 'string'], version: [2, 'string'], kind: [3, 'string'] });

const resourceDiscovery = message({
  resource: [1, 'string'],
  responseKind: [2, kind],
  scope: [3, 'string'],
  singularResource: [4, 'string'],
  verbs: [5, 'string', 'list'],
  shortNames: [6, 'string', 'list'],
  categories: [7, 'string', 'list'],
  subresources: [
    8,
    message({ subresource: [1, 'string'], responseKind: [2, kind], verbs: [4, 'string', 'list'] }),
    'list',
  ],
});

const apiGroupDiscoveryList = message({
  metadata: [1, listMeta],
  items: [
    2,
    message({
      metadata: [1, objectMeta],
      versions: [
        2,
        message({
          version: [1, 'string'],
          resources: [2, resourceDiscovery, 'list'],
          freshness: [3, 'string'],
        }),
        'list',
      ],
    }),
    'list',
  ],
});

// k8s.io/metrics/pkg/apis/{custom_metrics,external_metrics}/*/generated.proto, and ObjectReference
// of k8s.io/api/core/v1/generated.proto

const objectReference = message({
  kind: [1, 'string'],
  namespace: [2, 'string'],
  name: [3, 'string'],
  uid: [4, 'string'],
  apiVersion: [5, 'string'],
  resourceVersion: [6, 'string'],
  fieldPath: [7, 'string'],
});

const metricValueV1beta1 = message({
  describedObject: [1, objectReference],
  metricName: [2, 'string'],
  timestamp: [3, 'time'],
  window: [4, 'integer'],
  value: [5, 'quantity'],
  selector: [6, labelSelector],
});

const metricValueV1beta2 = message({
  describedObject: [1, objectReference],
  metric: [2, message({ name: [1, 'string'], selector: [2, labelSelector] })],
  timestamp: [3, 'time'],
  windowSeconds: [4, 'integer'],
  value: [5, 'quantity'],
});

const externalMetricValue = message({
  metricName: [1, 'string'],
  metricLabels: [2, 'text map'],
  timestamp: [3, 'time'],
  window: [4, 'integer'],
  value: [5, 'quantity'],
});

// k8s.io/metrics/pkg/apis/metrics/v1beta1/generated.proto

const nodeMetrics = message({
  metadata: [1, objectMeta],
  timestamp: [2, 'time'],
  window: [3, 'duration'],
  usage: [4, 'quantity map'],
});

const podMetrics = message({
  metadata: [1, objectMeta],
  timestamp: [2, 'time'],
  window: [3, 'duration'],
  containers: [4, message({ name: [1, 'string'], usage: [2, 'quantity map'] }), 'list'],
});

const partialObjectMetadata = message({ metadata: [1, objectMeta] });

const listOf = (item: MessageType): MessageType =>
  message({ metadata: [1, listMeta], items: [2, item, 'list'] });

/** The messages of the kinds that are served, by apiVersion and kind. */
export const apiMessages: ReadonlyMap<string, MessageType> = new Map([
  ['v1/Status', status],
  ['v1/APIGroup', apiGroup],
  ['v1/APIGroupList', apiGroupList],
  ['v1/APIResourceList', apiResourceList],
  ['apidiscovery.k8s.io/v2/APIGroupDiscoveryList', apiGroupDiscoveryList],
  ['apidiscovery.k8s.io/v2beta1/APIGroupDiscoveryList', apiGroupDiscoveryList],
  ['custom.metrics.k8s.io/v1beta1/MetricValueList', listOf(metricValueV1beta1)],
  ['custom.metrics.k8s.io/v1beta2/MetricValueList', listOf(metricValueV1beta2)],
  ['external.metrics.k8s.io/v1beta1/ExternalMetricValueList', listOf(externalMetricValue)],
  ['metrics.k8s.io/v1beta1/NodeMetrics', nodeMetrics],
  ['metrics.k8s.io/v1beta1/NodeMetricsList', listOf(nodeMetrics)],
  ['metrics.k8s.io/v1beta1/PodMetrics', podMetrics],
  ['metrics.k8s.io/v1beta1/PodMetricsList', listOf(podMetrics)],
  ['meta.k8s.io/v1/PartialObjectMetadata', partialObjectMetadata],
  ['meta.k8s.io/v1/PartialObjectMetadataList', listOf(partialObjectMetadata)],
  ['meta.k8s.io/v1beta1/PartialObjectMetadata', partialObjectMetadata],
  [
    // k8s.io/apimachinery/pkg/apis/meta/v1beta1/generated.proto has the two the other way round.
    'meta.k8s.io/v1beta1/PartialObjectMetadataList',
    message({ items: [1, partialObjectMetadata, 'list'], metadata: [2, listMeta] }),
  ],
]);
