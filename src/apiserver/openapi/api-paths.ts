import { type ApiGroup, customMetricsGroup, resourceMetricsGroup } from '../discovery/api-group.ts';
import { objectMediaTypes } from '../representation/negotiation.ts';
import { schemaNames } from './api-schemas.ts';
import type { GroupVersionKind } from './schema.ts';

/** A path of the server; every one of them is read with GET. */
export interface ApiPath {
  /** Parameters stand in braces. */
  readonly path: string;
  readonly description: string;
  readonly operationId: string;
  readonly tag: string;
  readonly produces: readonly string[];
  /** The name of the type of the answer. */
  readonly answer: string;
  readonly query: readonly QueryParameter[];
  /** For metrics: their kind. */
  readonly kind?: GroupVersionKind;
}

export interface QueryParameter {
  readonly name: string;
  readonly description: string;
}

/** What the parameters in paths are. */
export const pathParameters: Readonly<Record<string, string>> = {
  namespace: 'The name of a namespace.',
  resource: 'A kind of objects, e.g. pods or deployments.apps.',
  name: 'The name of an object, or * for all that the selector matches.',
  metric: 'The name of a metric.',
};

const labelSelector = {
  name: 'labelSelector',
  description: 'A selector on the labels of the objects.',
};
const fieldSelector = {
  name: 'fieldSelector',
  description: 'A selector on metadata.name and metadata.namespace.',
};
const metricLabelSelector = {
  name: 'metricLabelSelector',
  description: 'A selector on the labels of the metric.',
};

/** `/version`. */
export const versionPath: ApiPath = {
  path: '/version/',
  description: 'get the version of this server',
  operationId: 'getCodeVersion',
  tag: 'version',
  produces: ['application/json'],
  answer: schemaNames.versionInfo,
  query: [],
};

/** `/apis`. */
export const groupListPath: ApiPath = {
  path: '/apis/',
  description: 'get the API groups',
  operationId: 'getAPIVersions',
  tag: 'apis',
  produces: objectMediaTypes,
  answer: schemaNames.apiGroupList,
  query: [],
};

/** `/apis/<group>`. */
export function groupPath(group: ApiGroup): ApiPath {
  return {
    path: `/apis/${group.name}/`,
    description: 'get the versions of an API group',
    operationId: `get${camelCase(group.name)}APIGroup`,
    tag: group.name,
    produces: objectMediaTypes,
    answer: schemaNames.apiGroup,
    query: [],
  };
}

/** `/apis/<group>/<version>` and what is below it. */
export function versionPaths(group: ApiGroup, version: string): readonly ApiPath[] {
  const resources: ApiPath = {
    path: `/apis/${group.name}/${version}/`,
    description: 'get the metrics that there are',
    operationId: `get${camelCase(group.name)}${camelCase(version)}APIResources`,
    tag: group.name,
    produces: objectMediaTypes,
    answer: schemaNames.apiResourceList,
    query: [],
  };
  return [resources, ...metricPaths(group, version)];
}

function metricPaths(group: ApiGroup, version: string): readonly ApiPath[] {
  switch (group.name) {
    case customMetricsGroup.name:
      return customMetricPaths(group, version);
    case resourceMetricsGroup.name:
      return resourceMetricPaths(group, version);
    default:
      return externalMetricPaths(group, version);
  }
}

function resourceMetricPaths(group: ApiGroup, version: string): readonly ApiPath[] {
  const path = (suffix: string, of: string, kind: 'NodeMetrics' | 'PodMetrics'): ApiPath => {
    const isList = !suffix.endsWith('{name}');
    return {
      path: `/apis/${group.name}/${version}/${suffix}`,
      description: `get the CPU and memory that ${of} uses`,
      operationId: `${isList ? 'list' : 'read'}${camelCase(group.name)}${camelCase(version)}${camelCase(of)}`,
      tag: group.name,
      produces: objectMediaTypes,
      answer: schemaNames.resourceMetrics(isList ? `${kind}List` : kind),
      query: isList ? [labelSelector, fieldSelector] : [],
      kind: { group: group.name, version, kind },
    };
  };
  return [
    path('nodes', 'each node', 'NodeMetrics'),
    path('nodes/{name}', 'a node', 'NodeMetrics'),
    path('pods', 'each pod of all namespaces', 'PodMetrics'),
    path('namespaces/{namespace}/pods', 'each pod of a namespace', 'PodMetrics'),
    path('namespaces/{namespace}/pods/{name}', 'a pod', 'PodMetrics'),
  ];
}

function customMetricPaths(group: ApiGroup, version: string): readonly ApiPath[] {
  const kind = { group: group.name, version, kind: 'MetricValueList' };
  const answer = schemaNames.metricValueList(version);
  const query = [labelSelector, metricLabelSelector];
  const path = (suffix: string, of: string): ApiPath => ({
    path: `/apis/${group.name}/${version}/${suffix}`,
    description: `get the values of a metric of ${of}`,
    operationId: `get${camelCase(group.name)}${camelCase(version)}MetricOf${camelCase(of)}`,
    tag: group.name,
    produces: objectMediaTypes,
    answer,
    query,
    kind,
  });
  return [
    path('namespaces/{namespace}/{resource}/{name}/{metric}', 'namespaced objects'),
    path('namespaces/{name}/metrics/{metric}', 'namespaces'),
    path('{resource}/{name}/{metric}', 'root-scoped objects'),
  ];
}

function externalMetricPaths(group: ApiGroup, version: string): readonly ApiPath[] {
  return [
    {
      path: `/apis/${group.name}/${version}/namespaces/{namespace}/{metric}`,
      description: 'get the values of a metric',
      operationId: `get${camelCase(group.name)}${camelCase(version)}Metric`,
      tag: group.name,
      produces: objectMediaTypes,
      answer: schemaNames.externalMetricValueList,
      query: [{ ...labelSelector, description: metricLabelSelector.description }],
      kind: { group: group.name, version, kind: 'ExternalMetricValueList' },
    },
  ];
}

/** `custom.metrics.k8s.io` -> `CustomMetricsK8sIo`. */
function camelCase(text: string): string {
  return text.replaceAll(/(?:^|[^a-z0-9])([a-z0-9])/gi, (_, first: string) => first.toUpperCase());
}
