import type { Catalog } from '../catalog/catalog.ts';
import type { CustomMetrics } from '../metrics/custom.ts';
import type { ExternalMetrics } from '../metrics/external.ts';
import type { OnQuery } from '../prometheus/sharing/query-runner.ts';
import { parseCustomMetricsPath } from './custom-metrics-path.ts';
import { type ApiGroup, customMetricsGroup, externalMetricsGroup } from './discovery/api-group.ts';
import {
  type ApiResource,
  type ApiResourceList,
  apiResourceList,
  customMetricResources,
  externalMetricResources,
} from './discovery/discovery.ts';
import { parseListOptions, refuseWatch } from './http/list-options.ts';
import { externalMetricValueList, metricValueList } from './metric-value-list.ts';
import { type Conversion, metricsOffer, type Offer } from './representation/negotiation.ts';
import { resourceNotFound } from './status.ts';

/** A request below `/apis/<group>/<version>/`. */
export interface MetricsRequest {
  readonly version: string;
  /** The path after the version, never empty. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** What the answer is to be converted to: one of those that the API offers. */
  readonly conversion: Conversion | undefined;
  /** Aborted when the client has gone, or its time is over. */
  readonly signal: AbortSignal;
  /** What counts as one client; undefined where that is not known. */
  readonly flow: string | undefined;
  readonly onQuery: OnQuery;
}

/** One of the metrics APIs: what it lists and how it answers. */
export interface MetricsApi {
  readonly group: ApiGroup;
  /** What its metrics can be answered with. */
  readonly offer: Offer;
  /** What a version lists: the same object until that changes. */
  resources(version: string): ApiResourceList;
  /** The API object for a request. Throws what {@link statusOf} understands. */
  get(request: MetricsRequest): Promise<object>;
}

/** custom.metrics.k8s.io. */
export function customMetricsApi(catalog: () => Catalog, metrics: CustomMetrics): MetricsApi {
  return {
    group: customMetricsGroup,
    offer: metricsOffer,
    resources: listedOnce(catalog, customMetricsGroup, customMetricResources),
    async get({ version, segments, query, signal, flow, onQuery }) {
      const { resource, namespace, name, metric } = parseCustomMetricsPath(segments);
      const { labelSelector, metricLabelSelector } = parseListOptions(query, name);
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

/** external.metrics.k8s.io. */
export function externalMetricsApi(catalog: () => Catalog, metrics: ExternalMetrics): MetricsApi {
  return {
    group: externalMetricsGroup,
    offer: metricsOffer,
    resources: listedOnce(catalog, externalMetricsGroup, externalMetricResources),
    async get({ segments, query, signal, flow, onQuery }) {
      const [first, namespace = '', metric = ''] = segments;
      if (first !== 'namespaces' || segments.length !== 3) throw resourceNotFound();
      refuseWatch(query, externalMetricsGroup.name, '*');
      const { labelSelector } = parseListOptions(query, undefined);
      const selector = labelSelector;
      const values = await metrics.get({ namespace, metric, selector, signal, flow, onQuery });
      return externalMetricValueList(values);
    },
  };
}

/** The resource lists of a group, made once for each catalog and version. */
function listedOnce(
  catalog: () => Catalog,
  group: ApiGroup,
  resourcesOf: (catalog: Catalog) => readonly ApiResource[],
): (version: string) => ApiResourceList {
  const lists = new WeakMap<Catalog, Map<string, ApiResourceList>>();
  return (version) => {
    const current = catalog();
    const versions = lists.get(current) ?? new Map<string, ApiResourceList>();
    lists.set(current, versions);
    const known = versions.get(version);
    if (known !== undefined) return known;
    const list = apiResourceList(`${group.name}/${version}`, resourcesOf(current));
    versions.set(version, list);
    return list;
  };
}
