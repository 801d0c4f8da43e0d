import { rejectWatch } from '../../apiserver/http/list-options.ts';
import { type ApiPath, operationName } from '../../apiserver/registration/api-path.ts';
import type {
  ApiGroup,
  ApiRegistration,
  ApiResource,
} from '../../apiserver/registration/api-registration.ts';
import { objectMediaTypes } from '../../apiserver/representation/negotiation.ts';
import { resourceNotFound } from '../../apiserver/status.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ExternalMetrics } from '../../metrics/external.ts';
import { parseMetricListOptions } from '../metric-list-options.ts';
import {
  catalogResources,
  type MetricsContext,
  metricsErrorStatus,
  WATCH_MEDIA_TYPES,
} from '../metrics-api.ts';
import { externalMetricTypes, externalMetricValueList, KIND, typeName } from './kinds.ts';

const group: ApiGroup = {
  name: 'external.metrics.k8s.io',
  versions: ['v1beta1'],
};

/** external.metrics.k8s.io. */
export function externalMetricsApi(
  catalog: () => Catalog,
  metrics: ExternalMetrics,
): ApiRegistration<MetricsContext> {
  return {
    group,
    types: externalMetricTypes,
    paths,
    resources: catalogResources(catalog, metricResources),
    alsoProduces: WATCH_MEDIA_TYPES,
    statusOf: metricsErrorStatus,
    async get({ segments, query, signal, flow, context: { onQuery } }) {
      const [first, namespace = '', metric = ''] = segments;
      if (first !== 'namespaces' || segments.length !== 3) throw resourceNotFound();
      rejectWatch(query, group.name, '*');
      const { labelSelector: selector } = parseMetricListOptions(query, undefined);
      const values = await metrics.get({ namespace, metric, selector, signal, flow, onQuery });
      return externalMetricValueList(values);
    },
  };
}

/** One resource for each metric. */
function metricResources(catalog: Catalog): readonly ApiResource[] {
  return catalog.externalMetrics.map(({ name }) => ({
    name,
    singularName: '',
    namespaced: true,
    kind: KIND,
    verbs: ['get'],
  }));
}

function paths(version: string): readonly ApiPath[] {
  return [
    {
      path: `/apis/${group.name}/${version}/namespaces/{namespace}/{metric}`,
      parameters: { namespace: 'The name of a namespace.', metric: 'The name of a metric.' },
      query: [{ name: 'labelSelector', description: 'A selector on the labels of the metric.' }],
      description: 'get the values of a metric',
      operationId: `get${operationName(group.name)}${operationName(version)}Metric`,
      tag: group.name,
      produces: objectMediaTypes,
      answer: typeName(KIND),
      kind: { group: group.name, version, kind: KIND },
    },
  ];
}
