import { qualifiedName } from '../../apimachinery/cluster-resource.ts';
import { type ApiPath, operationName } from '../../apiserver/registration/api-path.ts';
import type {
  ApiGroup,
  ApiRegistration,
  ApiResource,
} from '../../apiserver/registration/api-registration.ts';
import { objectMediaTypes } from '../../apiserver/representation/negotiation.ts';
import { badRequest, resourceNotFound } from '../../apiserver/status.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { CustomMetrics } from '../../metrics/custom.ts';
import { parseMetricListOptions } from '../metric-list-options.ts';
import {
  catalogResources,
  type MetricsContext,
  metricsErrorStatus,
  WATCH_MEDIA_TYPES,
} from '../metrics-api.ts';
import { customMetricTypes, KIND, metricValueList, typeName } from './kinds.ts';

const group: ApiGroup = {
  name: 'custom.metrics.k8s.io',
  versions: ['v1beta2', 'v1beta1'],
};

/** custom.metrics.k8s.io. */
export function customMetricsApi(
  catalog: () => Catalog,
  metrics: CustomMetrics,
): ApiRegistration<MetricsContext> {
  return {
    group,
    types: customMetricTypes,
    paths,
    resources: catalogResources(catalog, metricResources),
    alsoProduces: WATCH_MEDIA_TYPES,
    statusOf: metricsErrorStatus,
    async get({ version, segments, query, signal, flow, context: { onQuery } }) {
      const { resource, namespace, name, metric } = parseCustomMetricsPath(segments);
      const { labelSelector, metricLabelSelector } = parseMetricListOptions(query, name);
      const values = await metrics.get({
        resource,
        namespace,
        name: name === '*' ? undefined : name,
        metric,
        selector: labelSelector,
        metricSelector: metricLabelSelector,
        signal,
        flow,
        onQuery,
      });
      return metricValueList(version, values);
    },
  };
}

/** One resource for each metric and kind of object. */
function metricResources(catalog: Catalog): readonly ApiResource[] {
  return catalog.customMetrics.map(({ name, resource }) => ({
    name: `${qualifiedName(resource)}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    kind: KIND,
    verbs: ['get'],
  }));
}

/** A request for a custom metric. */
export interface CustomMetricsPath {
  readonly resource: string;
  readonly namespace: string | undefined;
  /** `*` for all objects that match the selector. */
  readonly name: string;
  readonly metric: string;
}

/**
 * Parses the path of a request for a custom metric. Throws a Status 404 for one of another form.
 *
 * @param segments those after the version
 */
export function parseCustomMetricsPath(segments: readonly string[]): CustomMetricsPath {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = segments;
  if (segments.length === 3) {
    // "namespaces/<ns>/<anything>" would be a list of a namespaced resource, which is not served.
    if (first === 'namespaces') throw badRequest('invalid request path');
    return { resource: first, namespace: undefined, name: second || '*', metric: third };
  }
  if (first !== 'namespaces') throw resourceNotFound();
  if (segments.length === 4 && third === 'metrics') {
    return { resource: 'namespaces', namespace: undefined, name: second || '*', metric: fourth };
  }
  if (segments.length === 5) {
    // An empty namespace is none, and never "all namespaces".
    const namespace = second === '' ? undefined : second;
    return { resource: third, namespace, name: fourth || '*', metric: fifth };
  }
  throw resourceNotFound();
}

const pathParameters: Readonly<Record<string, string>> = {
  namespace: 'The name of a namespace.',
  resource: 'A kind of objects, e.g. pods or deployments.apps.',
  name: 'The name of an object, or * for all that the selector matches.',
  metric: 'The name of a metric.',
};

function paths(version: string): readonly ApiPath[] {
  const path = (suffix: string, objects: string): ApiPath => ({
    path: `/apis/${group.name}/${version}/${suffix}`,
    parameters: pathParameters,
    query: [
      { name: 'labelSelector', description: 'A selector on the labels of the objects.' },
      { name: 'metricLabelSelector', description: 'A selector on the labels of the metric.' },
    ],
    description: `get the values of a metric of ${objects}`,
    operationId: `get${operationName(group.name)}${operationName(version)}MetricOf${operationName(objects)}`,
    tag: group.name,
    produces: objectMediaTypes,
    answer: typeName(version, KIND),
    kind: { group: group.name, version, kind: KIND },
  });
  return [
    path('namespaces/{namespace}/{resource}/{name}/{metric}', 'namespaced objects'),
    path('namespaces/{name}/metrics/{metric}', 'namespaces'),
    path('{resource}/{name}/{metric}', 'root-scoped objects'),
  ];
}
