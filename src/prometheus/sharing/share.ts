import type { QueryRequest } from '../../rules/query.ts';
import type { PrometheusClient } from '../client/client.ts';
import { PrometheusError } from '../errors.ts';
import { failureScope } from '../guard/failure-classification.ts';
import type {
  NeededQuery,
  OnQuery,
  QueryAnswer,
  QueryOptions,
  QueryRunner,
  Samples,
} from '../query.ts';
import { createDemand } from './demand.ts';
import { createQueryObserver } from './query-observer.ts';
import { createRecentAnswers, type RecentAnswers } from './recent-answers.ts';
import { indexByObject, type SamplesByObject, sampleBytes } from './samples-by-object.ts';
import { createSharedFailures } from './shared-failures.ts';
import { createSharedMetrics, type SharedMetric } from './shared-metrics.ts';
import { longQueryError, requestedSamples, shortQuery } from './short-query.ts';

/** A separate flow: a query for the objects of all users must not wait for other queries of one user. */
const SHARED_FLOW = 'shared queries';

const MOST_ANSWERS = 1000;
const MOST_BYTES = 32 * 2 ** 20;

export interface SharingOptions {
  /**
   * The maximum age of a cached result in milliseconds. 0: only identical concurrent queries are shared.
   */
  readonly maxAgeMs: number;
  /** Called for every query that a request needs. */
  readonly onQuery?: OnQuery;
  /** Called with the number and the approximate size in bytes of the cached results of a scope. */
  readonly onKept?: (scope: NeededQuery['scope'], count: number, bytes: number) => void;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/**
 * Wraps a client so that it answers several requests from one query. Each request gets the values that
 * its single query would return, at most `maxAgeMs` old:
 * - Identical queries are sent once, until the result is too old.
 * - Requests for different objects of one metric become one query over all objects, if it is proved that
 *   the values are the same (see `shareQuery`) and enough requests arrive within `maxAgeMs`.
 *
 * A query is cancelled when all requests that wait for it are cancelled. Queries of a rule with
 * `sharing: false`, and queries with an explicit time or timeout, are always sent. Results belong to
 * this client: share each server separately.
 */
export function share<Client extends QueryRunner>(
  client: Client,
  options: SharingOptions,
): Client & Pick<PrometheusClient, 'query'> {
  const { maxAgeMs, onKept, now = () => performance.now() } = options;
  const bounds = { maxAgeMs, mostKept: MOST_ANSWERS, mostBytes: MOST_BYTES, now };
  const own = createRecentAnswers<QueryAnswer>({
    ...bounds,
    bytesOf: (answer) => (answer.type === 'vector' ? ownBytesOf(answer.samples) : 0),
    onKept: (count, bytes) => onKept?.('own', count, bytes),
  });
  const forAll = createRecentAnswers<SamplesByObject>({
    ...bounds,
    bytesOf: ({ bytes }) => bytes,
    onKept: (count, bytes) => onKept?.('all', count, bytes),
  });
  const metrics = createSharedMetrics(() => createDemand(maxAgeMs, now));
  const observed = createQueryObserver(now, options.onQuery);
  const sharedFailures = createSharedFailures();
  const isUnusable = (error: unknown): boolean =>
    error instanceof NoSharedAnswer || failureScope(error) === 'query';

  /** The result of the single query of the request, which may be shortened. */
  async function querySingle(promql: string, caller: QueryOptions): Promise<QueryAnswer> {
    const { origin } = caller;
    if (origin === undefined) return send(promql, caller);
    const short = shortQuery(origin.rule.query, origin.request, promql);
    if (short.promql !== undefined) {
      try {
        const answer = await send(short.promql, caller);
        if (answer.type !== 'vector') return answer;
        return { type: 'vector', samples: await requestedSamples(answer.samples, origin.request) };
      } catch (error) {
        // If it fails because of another object, the query for the requested ones can succeed.
        if (failureScope(error) === 'server') throw error;
      }
    }
    try {
      return await send(promql, caller);
    } catch (error) {
      const mayBeTooLong = error instanceof PrometheusError && failureScope(error) !== 'server';
      if (short.reason === undefined || !mayBeTooLong) throw error;
      const names = origin.request.objects?.names.length ?? 0;
      throw longQueryError(promql, names, short.reason, error);
    }
  }

  function send(promql: string, caller: QueryOptions): Promise<QueryAnswer> {
    if (caller.origin?.rule.sharing === false) {
      const query = { promql, scope: 'own', source: 'prometheus' } as const;
      return observed(query, caller, () =>
        client.query(promql, { signal: caller.signal, flow: caller.flow }),
      );
    }
    const query = { promql, scope: 'own', source: sourceOf(own, promql) } as const;
    return observed(query, caller, () =>
      own.get(
        promql,
        (stop) => client.query(promql, { signal: stop, flow: caller.flow }),
        caller.signal,
      ),
    );
  }

  /** The result from the query over all objects; undefined if it cannot be used. */
  async function queryAll(
    metric: SharedMetric,
    request: QueryRequest,
    ownPromql: string,
    caller: QueryOptions,
  ): Promise<QueryAnswer | undefined> {
    const { promql } = metric.shared;
    const query = { promql, scope: 'all', source: sourceOf(forAll, promql) } as const;
    try {
      const samples = await observed(query, caller, () =>
        forAll.get(promql, (stop) => sendForAll(metric, stop), caller.signal),
      );
      metric.demand.used(request.objects?.names.length ?? 0);
      return { type: 'vector', samples: samples.of(request) };
    } catch (error) {
      if (isUnusable(error)) return undefined;
      if (failureScope(error) !== 'unclear') throw error;
      return sharedFailures.fallBack(error, caller, {
        send: async () => {
          const answer = await querySingle(ownPromql, caller);
          metric.demand.failed();
          return answer;
        },
        isServing: (ownError) => failureScope(ownError) === 'query',
      });
    }
  }

  async function sendForAll(
    { shared, demand }: SharedMetric,
    signal: AbortSignal,
  ): Promise<SamplesByObject> {
    try {
      const samples = await indexByObject(
        await client.query(shared.promql, { signal, flow: SHARED_FLOW }),
        shared,
      );
      if (samples === undefined) throw new NoSharedAnswer();
      demand.succeeded(samples.size);
      // It is too large for the cache: only the requests that wait for it now get it.
      if (samples.bytes > MOST_BYTES) demand.failed();
      return samples;
    } catch (error) {
      if (isUnusable(error)) demand.failed();
      throw error;
    }
  }

  return {
    ...client,
    async query(promql: string, caller: QueryOptions = {}): Promise<QueryAnswer> {
      const { signal, origin } = caller;
      signal?.throwIfAborted();
      if (caller.time !== undefined || caller.timeoutMs !== undefined) {
        return client.query(promql, caller);
      }
      if (origin?.rule.sharing === false) return querySingle(promql, caller);
      const metric = origin && maxAgeMs > 0 ? metrics.find(promql, origin) : undefined;
      if (metric !== undefined && own.find(promql) === undefined) {
        metric.demand.requestArrived();
        const isThere = forAll.find(metric.shared.promql) !== undefined;
        const answer =
          (isThere || metric.demand.isWorthwhile()) &&
          (await queryAll(metric, metric.request, promql, caller));
        if (answer) return answer;
      }
      return querySingle(promql, caller);
    },
  };
}

function sourceOf<T>(answers: RecentAnswers<T>, promql: string): NeededQuery['source'] {
  switch (answers.find(promql)) {
    case 'cached':
      return 'cache';
    case 'in_flight':
      return 'in_flight';
    default:
      return 'prometheus';
  }
}

/** The response cannot be split by object. */
class NoSharedAnswer extends Error {
  override readonly name = 'NoSharedAnswer';

  constructor() {
    super('a sample lacks the label of its object, or an object has two samples');
  }
}

/** Anything but an array is a large response, which is kept only for the callers that wait for it. */
function ownBytesOf(samples: Samples): number {
  return Array.isArray(samples) ? sampleBytes(samples) : Number.POSITIVE_INFINITY;
}
