import { type ApiType, type ApiTypes, listOf, optional, ref, required } from './api-type.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const discovery = 'io.k8s.api.apidiscovery';

/** The names of the types that any API can refer to. */
export const typeNames = {
  apiGroupList: `${meta}.APIGroupList`,
  apiGroup: `${meta}.APIGroup`,
  apiResourceList: `${meta}.APIResourceList`,
  versionInfo: 'io.k8s.apimachinery.pkg.version.Info',
  duration: `${meta}.Duration`,
  labelSelector: `${meta}.LabelSelector`,
  listMeta: `${meta}.ListMeta`,
  objectMeta: `${meta}.ObjectMeta`,
  objectReference: 'io.k8s.api.core.v1.ObjectReference',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  time: `${meta}.Time`,
} as const;

/** A map from strings to strings. */
export const stringMap = { mapOf: 'string' } as const;

/** Fields of every kind. */
export const kindFields = {
  apiVersion: {
    type: 'string',
    description: 'The group and version of the schema that this object has.',
  },
  kind: { type: 'string', description: 'The kind of this object.' },
} as const;

/** The list kind of a kind: its items are of the type `item`. */
export function listType(
  kind: Required<ApiType>['kind'],
  item: string,
  description: string,
  itemsDescription: string,
): ApiType {
  return {
    description,
    fields: {
      ...kindFields,
      metadata: required(1, ref(typeNames.listMeta), 'Metadata of the list.'),
      items: required(2, listOf(ref(item)), itemsDescription),
    },
    kind,
  };
}

/**
 * The types that the server itself answers with, and those that several APIs refer to. The numbers
 * are those of the `generated.proto` files of Kubernetes.
 */
export const serverTypes: ApiTypes = new Map<string, ApiType>([
  [
    typeNames.objectReference,
    {
      description: 'Says which object it is.',
      fields: {
        apiVersion: optional(5, 'string', 'The group and version of the object.'),
        kind: optional(1, 'string', 'The kind of the object.'),
        name: optional(3, 'string', 'The name of the object.'),
        namespace: optional(2, 'string', 'The namespace of the object, where it has one.'),
      },
    },
  ],
  [
    typeNames.quantity,
    {
      description: 'A number with an optional suffix such as m (thousandths), k, M, Ki or Mi.',
      format: 'quantity',
    },
  ],
  [
    typeNames.duration,
    { description: 'A duration as Go writes it, e.g. 1m30s.', format: 'duration' },
  ],
  [typeNames.time, { description: 'A time as RFC 3339 writes it.', format: 'date-time' }],
  [
    typeNames.objectMeta,
    {
      description: 'Metadata of an object.',
      fields: {
        name: optional(1, 'string', 'The name of the object.'),
        namespace: optional(3, 'string', 'The namespace of the object, where it has one.'),
        labels: optional(11, stringMap, 'The labels of the object.'),
        creationTimestamp: optional(8, ref(typeNames.time), 'When this answer was made.'),
      },
    },
  ],
  [
    typeNames.listMeta,
    {
      description: 'Metadata of a list.',
      fields: {
        resourceVersion: optional(2, 'string', 'Empty: the objects have no versions.'),
      },
    },
  ],
  [
    typeNames.labelSelector,
    {
      description: 'A query over labels: all of its parts must hold.',
      fields: {
        matchLabels: optional(1, stringMap, 'Labels and the values that they must have.'),
        matchExpressions: optional(
          2,
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
        key: required(1, 'string', 'The name of the label.'),
        operator: required(2, 'string', 'In, NotIn, Exists or DoesNotExist.'),
        values: optional(3, listOf('string'), 'The values for In and NotIn.'),
      },
    },
  ],
  [
    `${meta}.Status`,
    {
      description: 'The outcome of a request that failed.',
      fields: {
        ...kindFields,
        metadata: optional(1, ref(typeNames.listMeta), 'Empty.'),
        status: optional(2, 'string', 'Failure.'),
        message: optional(3, 'string', 'Why the request failed, for people.'),
        reason: optional(4, 'string', 'Why the request failed, in one word for programs.'),
        details: optional(5, ref(`${meta}.StatusDetails`), 'What the reason is about.'),
        code: optional(6, 'int32', 'The HTTP status code.'),
      },
      kind: { group: '', version: 'v1', kind: 'Status' },
    },
  ],
  [
    `${meta}.StatusDetails`,
    {
      description: 'What the reason of a Status is about.',
      fields: {
        name: optional(1, 'string', 'The name of the object.'),
        group: optional(2, 'string', 'The API group of the object.'),
        kind: optional(3, 'string', 'The kind or resource of the object.'),
        causes: optional(4, listOf(ref(`${meta}.StatusCause`)), 'The errors one by one.'),
        retryAfterSeconds: optional(5, 'int32', 'When the client may retry, in seconds.'),
      },
    },
  ],
  [
    `${meta}.StatusCause`,
    {
      description: 'One error of a Status.',
      fields: {
        reason: optional(1, 'string', 'In one word for programs.'),
        message: optional(2, 'string', 'For people.'),
        field: optional(3, 'string', 'The field of the object that the error is about.'),
      },
    },
  ],
  [
    `${meta}.GroupVersionForDiscovery`,
    {
      description: 'A version of an API group.',
      fields: {
        groupVersion: required(1, 'string', 'The group and the version, as group/version.'),
        version: required(2, 'string', 'The version.'),
      },
    },
  ],
  [
    typeNames.apiGroup,
    {
      description: 'An API group and its versions.',
      fields: {
        ...kindFields,
        name: required(1, 'string', 'The name of the group.'),
        versions: required(
          2,
          listOf(ref(`${meta}.GroupVersionForDiscovery`)),
          'The versions that are served.',
        ),
        preferredVersion: optional(
          3,
          ref(`${meta}.GroupVersionForDiscovery`),
          'The preferred version.',
        ),
      },
      kind: { group: '', version: 'v1', kind: 'APIGroup' },
    },
  ],
  [
    typeNames.apiGroupList,
    {
      description: 'The API groups that are served.',
      fields: {
        ...kindFields,
        groups: required(1, listOf(ref(typeNames.apiGroup)), 'The groups.'),
      },
      kind: { group: '', version: 'v1', kind: 'APIGroupList' },
    },
  ],
  [
    `${meta}.APIResource`,
    {
      description: 'A resource of an API group.',
      fields: {
        name: required(1, 'string', 'The name of the resource, in the plural.'),
        singularName: required(6, 'string', 'The name of the resource in the singular.'),
        namespaced: required(2, 'boolean', 'Whether it belongs to a namespace.'),
        kind: required(3, 'string', 'The kind of the answer.'),
        verbs: required(4, 'string list message', 'What can be done with it.'),
      },
    },
  ],
  [
    typeNames.apiResourceList,
    {
      description: 'The resources of a version of an API group.',
      fields: {
        ...kindFields,
        groupVersion: required(1, 'string', 'The group and the version, as group/version.'),
        resources: required(2, listOf(ref(`${meta}.APIResource`)), 'The resources.'),
      },
      kind: { group: '', version: 'v1', kind: 'APIResourceList' },
    },
  ],
  [
    typeNames.versionInfo,
    {
      description: 'The version of this program.',
      fields: {
        major: versionField('The first part of the version.'),
        minor: versionField('The second part of the version.'),
        gitVersion: versionField('The version.'),
        gitCommit: versionField('Empty.'),
        gitTreeState: versionField('Empty.'),
        buildDate: versionField('Empty.'),
        goVersion: versionField('Empty: this is no Go program.'),
        compiler: versionField('Empty.'),
        platform: versionField('The operating system and the processor.'),
      },
    },
  ],
  ...['v2', 'v2beta1'].flatMap(aggregatedDiscoveryTypes),
  ...['v1', 'v1beta1'].flatMap(partialMetadataTypes),
]);

/** version.Info has no protobuf message. */
function versionField(description: string) {
  return { type: 'string', description, required: true } as const;
}

/** apidiscovery.k8s.io, the same in both versions. */
function aggregatedDiscoveryTypes(version: string): [string, ApiType][] {
  const name = (type: string): string => `${discovery}.${version}.${type}`;
  const objectMeta = ref(typeNames.objectMeta);
  const responseKind = ref(name('GroupVersionKind'));
  const verbs = listOf('string');
  return [
    [
      name('APIGroupDiscoveryList'),
      {
        description: 'The API groups with their versions and resources.',
        fields: {
          ...kindFields,
          metadata: optional(1, ref(typeNames.listMeta), 'Metadata of the list.'),
          items: required(2, listOf(ref(name('APIGroupDiscovery'))), 'The groups.'),
        },
        kind: { group: 'apidiscovery.k8s.io', version, kind: 'APIGroupDiscoveryList' },
      },
    ],
    [
      name('APIGroupDiscovery'),
      {
        description: 'An API group.',
        fields: {
          metadata: optional(1, objectMeta, 'The name of the group.'),
          versions: optional(2, listOf(ref(name('APIVersionDiscovery'))), 'The preferred first.'),
        },
      },
    ],
    [
      name('APIVersionDiscovery'),
      {
        description: 'A version of an API group.',
        fields: {
          version: required(1, 'string', 'The version.'),
          resources: optional(2, listOf(ref(name('APIResourceDiscovery'))), 'The resources.'),
          freshness: optional(3, 'string', 'Current: the list is not a cached one.'),
        },
      },
    ],
    [
      name('APIResourceDiscovery'),
      {
        description: 'A resource.',
        fields: {
          resource: required(1, 'string', 'The name of the resource, in the plural.'),
          responseKind: optional(2, responseKind, 'The kind of the answer.'),
          scope: required(3, 'string', 'Namespaced or Cluster.'),
          singularResource: required(4, 'string', 'The name of the resource in the singular.'),
          verbs: required(5, verbs, 'What can be done with it.'),
          subresources: optional(
            8,
            listOf(ref(name('APISubresourceDiscovery'))),
            'The subresources.',
          ),
        },
      },
    ],
    [
      name('APISubresourceDiscovery'),
      {
        description: 'A subresource.',
        fields: {
          subresource: required(1, 'string', 'The name of the subresource.'),
          responseKind: optional(2, responseKind, 'The kind of the answer.'),
          verbs: required(4, verbs, 'What can be done with it.'),
        },
      },
    ],
    [
      name('GroupVersionKind'),
      {
        description: 'The kind of an answer.',
        fields: {
          group: required(1, 'string', 'The API group.'),
          version: required(2, 'string', 'The version.'),
          kind: required(3, 'string', 'The kind.'),
        },
      },
    ],
  ];
}

/** PartialObjectMetadata of meta.k8s.io, which objects can be converted to. */
function partialMetadataTypes(version: string): [string, ApiType][] {
  const group = 'meta.k8s.io';
  const item = `io.k8s.apimachinery.pkg.apis.meta.${version}.PartialObjectMetadata`;
  const kind = { group, version, kind: 'PartialObjectMetadataList' };
  const list = listType(kind, item, 'Objects, with their metadata only.', 'The objects.');
  return [
    [
      item,
      {
        description: 'An object, with its metadata only.',
        fields: {
          ...kindFields,
          metadata: optional(1, ref(typeNames.objectMeta), 'Metadata of the object.'),
        },
        kind: { group, version, kind: 'PartialObjectMetadata' },
      },
    ],
    // The numbers of v1beta1 are swapped.
    [`${item}List`, version === 'v1' ? list : withNumbers(list, { metadata: 2, items: 1 })],
  ];
}

function withNumbers(type: ApiType, numbers: Readonly<Record<string, number>>): ApiType {
  const fields = Object.entries(type.fields ?? {}).map(([name, field]) => {
    const number = numbers[name];
    return [name, number === undefined ? field : { ...field, number }];
  });
  return { ...type, fields: Object.fromEntries(fields) };
}
