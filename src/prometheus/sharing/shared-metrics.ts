import type { QueryRequest, RuleQuery } from '../../rules/query.ts';
import { type SharedQuery, shareQuery } from '../../rules/shared-query.ts';
import type { QueryOrigin } from '../query.ts';
import type { Demand } from './demand.ts';

/** For each metric selector that clients made up, at most so many are remembered for a rule. */
const MOST_METRICS = 1000;

/**
 * In characters. A request with a longer key, which is one with a long selector, is asked for by
 * itself: clients make them up, and to look into the query of one takes long.
 */
const LONGEST_KEY = 1024;

/** A metric with a selector on its labels, all objects of which can be asked for at once. */
export interface SharedMetric {
  readonly shared: SharedQuery;
  readonly demand: Demand;
}

export interface SharedMetrics {
  /** Undefined where this very query cannot be answered from one over all objects. */
  find(
    promql: string,
    origin: QueryOrigin,
  ): (SharedMetric & { readonly request: QueryRequest }) | undefined;
}

/** What is found out about a metric is found out once, and forgotten together with the rule. */
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

/** Everything of a request but the names and the namespace. */
function keyOf({ series, selector, namespace, objects, groupBy }: QueryRequest): string {
  return JSON.stringify([series, selector, namespace?.label, objects?.label, groupBy]);
}
