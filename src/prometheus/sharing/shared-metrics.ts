import type { QueryRequest, RuleQuery } from '../../rules/query.ts';
import { type SharedQuery, shareQuery } from '../../rules/shared-query.ts';
import type { QueryOrigin } from '../query.ts';
import type { Demand } from './demand.ts';

/** The maximum number of cached metrics per rule: clients can invent metric selectors. */
const MOST_METRICS = 1000;

/**
 * In characters. Requests with a longer key, due to a long selector, are not shared: clients can invent them,
 * and analysing their query takes long.
 */
const LONGEST_KEY = 1024;

/** A metric with a selector on its labels, whose query can select all objects. */
export interface SharedMetric {
  readonly shared: SharedQuery;
  readonly demand: Demand;
}

export interface SharedMetrics {
  /** Undefined if a query over all objects cannot answer this query. */
  find(
    promql: string,
    origin: QueryOrigin,
  ): (SharedMetric & { readonly request: QueryRequest }) | undefined;
}

/** Each metric is analysed once. The result is cached as long as the rule exists. */
export function createSharedMetrics(newDemand: () => Demand): SharedMetrics {
  const byQuery = new WeakMap<RuleQuery, Map<string, SharedMetric | undefined>>();

  function analyse({ rule, request }: QueryOrigin): SharedMetric | undefined {
    const { shared } = shareQuery(rule.query, request);
    return shared && { shared, demand: newDemand() };
  }

  function metricOf(origin: QueryOrigin): SharedMetric | undefined {
    const metrics = byQuery.get(origin.rule.query) ?? new Map<string, SharedMetric | undefined>();
    byQuery.set(origin.rule.query, metrics);
    const key = keyOf(origin.request);
    if (key.length > LONGEST_KEY) return undefined;
    const known = metrics.get(key);
    if (known !== undefined || metrics.has(key)) return known;
    const metric = analyse(origin);
    const [oldest] = metrics.keys();
    if (metrics.size >= MOST_METRICS && oldest !== undefined) metrics.delete(oldest);
    metrics.set(key, metric);
    return metric;
  }

  return {
    find(promql, origin) {
      const { request } = origin;
      const metric = metricOf(origin);
      return metric?.shared.covers(request, promql) ? { ...metric, request } : undefined;
    },
  };
}

/** The parts of a request except names and namespace. */
function keyOf({ series, selector, namespace, objects, groupBy }: QueryRequest): string {
  return JSON.stringify([series, selector, namespace?.label, objects?.label, groupBy]);
}
