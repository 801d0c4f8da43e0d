import type { MetricsQuery, QueryRequest } from '../rules/metrics-query.ts';
import { type SharedQuery, shareQuery } from '../rules/shared-query.ts';
import type { QueryAnswer, QueryOrigin, QueryRunner } from './query-runner.ts';
import { createRecentAnswers } from './query-sharing-answers.ts';
import { createDemand, type Demand } from './query-sharing-demand.ts';
import { indexByObject, type SamplesByObject } from './query-sharing-objects.ts';

/** For each metric selector that clients made up, at most so many are remembered for a rule. */
const MOST_METRICS = 1000;

const MOST_ANSWERS = 1000;
const MOST_BYTES = 32 * 2 ** 20;

export interface QuerySharingOptions {
  /**
   * How old a value may be that is given again, in milliseconds. 0: only identical queries that are
   * under way at the same time are one.
   */
  readonly maxAge: number;
  /** Whether an error is the query's own fault, so that another query may well succeed. */
  readonly isRefusal: (error: unknown) => boolean;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/**
 * A runner that answers several requests from one query, with the values that each would have got
 * by itself, at most `maxAge` old:
 * - identical queries are one while it is under way and until its answer is too old;
 * - requests for different objects of one metric are one query over all objects, where that is
 *   proved to give the same (see `shareQuery`) and enough of them come within `maxAge`.
 *
 * A query ends early when all who wait for it have given up. A rule with `sharing: false` is asked
 * for each time.
 */
export function createQuerySharing(runner: QueryRunner, options: QuerySharingOptions): QueryRunner {
  const { maxAge, isRefusal, now = () => performance.now() } = options;
  const bounds = { maxAge, mostKept: MOST_ANSWERS, mostBytes: MOST_BYTES, now };
  const exact = createRecentAnswers<QueryAnswer>({
    ...bounds,
    bytesOf: (answer) => (answer.type === 'vector' ? bytesOf(answer.samples.length) : 0),
  });
  const forAll = createRecentAnswers<SamplesByObject>({
    ...bounds,
    bytesOf: ({ size }) => bytesOf(size),
  });
  const metrics = createSharedMetrics(() => createDemand(maxAge, now));

  /** The answer from the query over all objects; undefined where it does not serve. */
  async function fromAll(
    { shared, demand }: SharedMetric,
    request: QueryRequest,
    signal: AbortSignal | undefined,
  ): Promise<QueryAnswer | undefined> {
    try {
      const samples = await forAll.get(
        shared.promql,
        (stop) => askForAll(runner, shared, demand, stop),
        signal,
      );
      demand.served(request.objects?.names.length ?? 0);
      return { type: 'vector', samples: samples.of(request) };
    } catch (error) {
      if (!(error instanceof NoSharedAnswer) && !isRefusal(error)) throw error;
      demand.failed();
      return undefined;
    }
  }

  return {
    async query(promql, { signal, origin }) {
      if (origin?.rule.definition.sharing === false) {
        return runner.query(promql, signal ? { signal } : {});
      }
      const metric = origin && maxAge > 0 ? metrics.find(promql, origin) : undefined;
      if (metric !== undefined && !exact.has(promql)) {
        metric.demand.came();
        const isForAll = forAll.has(metric.shared.promql) || metric.demand.isForAll();
        const answer = isForAll && (await fromAll(metric, metric.request, signal));
        if (answer) return answer;
      }
      return exact.get(promql, (stop) => runner.query(promql, { signal: stop }), signal);
    },
  };
}

/** What came is no answer to a query over all objects. */
class NoSharedAnswer extends Error {
  override readonly name = 'NoSharedAnswer';
}

async function askForAll(
  runner: QueryRunner,
  shared: SharedQuery,
  demand: Demand,
  signal: AbortSignal,
): Promise<SamplesByObject> {
  const answer = await runner.query(shared.promql, { signal });
  const samples = indexByObject(answer, shared);
  if (samples === undefined) throw new NoSharedAnswer();
  demand.answered(samples.size);
  // Nobody but those who wait for it right now will get it.
  if (bytesOf(samples.size) > MOST_BYTES) demand.failed();
  return samples;
}

/** A rough measure: labels differ in length, and equal ones are kept once. */
function bytesOf(samples: number): number {
  return samples * 300;
}

/** A metric with a selector on its labels, all objects of which can be asked for at once. */
interface SharedMetric {
  readonly shared: SharedQuery;
  readonly demand: Demand;
}

interface SharedMetrics {
  /** Undefined where this very query cannot be answered from one over all objects. */
  find(
    promql: string,
    origin: QueryOrigin,
  ): (SharedMetric & { readonly request: QueryRequest }) | undefined;
}

/** Analysed once; forgotten together with the rule. */
function createSharedMetrics(newDemand: () => Demand): SharedMetrics {
  const byQuery = new WeakMap<MetricsQuery, Map<string, SharedMetric | undefined>>();

  function analyse({ rule, request }: QueryOrigin): SharedMetric | undefined {
    const { shared } = shareQuery(rule.query, request);
    return shared && { shared, demand: newDemand() };
  }

  function metricOf(origin: QueryOrigin): SharedMetric | undefined {
    const metrics = byQuery.get(origin.rule.query) ?? new Map<string, SharedMetric | undefined>();
    byQuery.set(origin.rule.query, metrics);
    const key = keyOf(origin.request);
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
      if (request.objects === undefined) return undefined;
      const metric = metricOf(origin);
      return metric?.shared.covers(request, promql) ? { ...metric, request } : undefined;
    },
  };
}

/** Everything of a request but the names and the namespace. */
function keyOf({ series, selector, namespace, objects, groupBy }: QueryRequest): string {
  return JSON.stringify([series, selector, namespace?.label, objects?.label, groupBy]);
}
