import type { QueryRequest } from '../../rules/query.ts';
import { createDemand } from './demand.ts';
import { createQueryTelling } from './query-observer.ts';
import type {
  NeededQuery,
  OnQuery,
  QueryAnswer,
  QueryRunner,
  QueryRunnerOptions,
  Samples,
} from './query-runner.ts';
import { createRecentAnswers, type RecentAnswers } from './recent-answers.ts';
import { indexByObject, type SamplesByObject, sampleBytes } from './samples-by-object.ts';
import { createSharedFailures } from './shared-failures.ts';
import { createSharedMetrics, type SharedMetric } from './shared-metrics.ts';
import { LongQueryError, onlyAsked, shortQuery } from './short-query.ts';

/** Queries for the objects of all users must not wait for the other queries of one of them. */
const SHARED_FLOW = 'shared queries';

const MOST_ANSWERS = 1000;
const MOST_BYTES = 32 * 2 ** 20;

export interface QuerySharingOptions {
  /**
   * How old a value may be that is given again, in milliseconds. 0: only identical queries that are
   * under way at the same time are one.
   */
  readonly maxAge: number;
  /**
   * Whether the error of a query affects other queries: `query`, only this one; `server`, all of them;
   * `unclear`, it can be either.
   */
  readonly scopeOfFailure: (error: unknown) => 'query' | 'unclear' | 'server';
  /** Told of every query that a request needs. */
  readonly onQuery?: OnQuery;
  /** Told how many answers of a scope are kept, and how many bytes they have, about. */
  readonly onKept?: (scope: NeededQuery['scope'], count: number, bytes: number) => void;
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
  const { maxAge, scopeOfFailure, onKept, now = () => performance.now() } = options;
  const bounds = { maxAge, mostKept: MOST_ANSWERS, mostBytes: MOST_BYTES, now };
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
  const metrics = createSharedMetrics(() => createDemand(maxAge, now));
  const telling = createQueryTelling(now, options.onQuery);
  const sharedFailures = createSharedFailures();
  const doesNotServe = (error: unknown): boolean =>
    error instanceof NoSharedAnswer || scopeOfFailure(error) === 'query';

  /** The answer to the single query of the request, which may be shortened. */
  async function fromOwn(promql: string, caller: QueryRunnerOptions): Promise<QueryAnswer> {
    const { origin } = caller;
    if (origin === undefined) return ask(promql, caller);
    const short = shortQuery(origin.rule.query, origin.request, promql);
    if (short.promql !== undefined) {
      try {
        const answer = await ask(short.promql, caller);
        if (answer.type !== 'vector') return answer;
        return { type: 'vector', samples: await onlyAsked(answer.samples, origin.request) };
      } catch (error) {
        // A query that fails because of another object can succeed for these.
        if (scopeOfFailure(error) === 'server') throw error;
      }
    }
    try {
      return await ask(promql, caller);
    } catch (error) {
      if (short.reason === undefined || scopeOfFailure(error) === 'server') throw error;
      const names = origin.request.objects?.names.length ?? 0;
      throw new LongQueryError(promql, names, short.reason, error);
    }
  }

  function ask(promql: string, caller: QueryRunnerOptions): Promise<QueryAnswer> {
    if (caller.origin?.rule.sharing === false) {
      const query = { promql, scope: 'own', answered: 'asked' } as const;
      return telling(query, caller, () =>
        runner.query(promql, { signal: caller.signal, flow: caller.flow }),
      );
    }
    const query = { promql, scope: 'own', answered: howAnswered(own, promql) } as const;
    return telling(query, caller, () =>
      own.get(
        promql,
        (stop) => runner.query(promql, { signal: stop, flow: caller.flow }),
        caller.signal,
      ),
    );
  }

  /** The answer from the query over all objects; undefined where it does not serve. */
  async function fromAll(
    metric: SharedMetric,
    request: QueryRequest,
    ownPromql: string,
    caller: QueryRunnerOptions,
  ): Promise<QueryAnswer | undefined> {
    const { promql } = metric.shared;
    const query = { promql, scope: 'all', answered: howAnswered(forAll, promql) } as const;
    try {
      const samples = await telling(query, caller, () =>
        forAll.get(promql, (stop) => askForAll(metric, stop), caller.signal),
      );
      metric.demand.served(request.objects?.names.length ?? 0);
      return { type: 'vector', samples: samples.of(request) };
    } catch (error) {
      if (doesNotServe(error)) return undefined;
      if (scopeOfFailure(error) !== 'unclear') throw error;
      return sharedFailures.fallBack(error, caller, {
        ask: async () => {
          const answer = await fromOwn(ownPromql, caller);
          metric.demand.failed();
          return answer;
        },
        isServing: (ownError) => scopeOfFailure(causeOfLong(ownError)) === 'query',
      });
    }
  }

  async function askForAll(
    { shared, demand }: SharedMetric,
    signal: AbortSignal,
  ): Promise<SamplesByObject> {
    try {
      const samples = await indexByObject(
        await runner.query(shared.promql, { signal, flow: SHARED_FLOW }),
        shared,
      );
      if (samples === undefined) throw new NoSharedAnswer();
      demand.answered(samples.size);
      // Nobody but those who wait for it right now will get it.
      if (samples.bytes > MOST_BYTES) demand.failed();
      return samples;
    } catch (error) {
      if (doesNotServe(error)) demand.failed();
      throw error;
    }
  }

  return {
    async query(promql, caller) {
      const { signal, origin } = caller;
      signal?.throwIfAborted();
      if (origin?.rule.sharing === false) return fromOwn(promql, caller);
      const metric = origin && maxAge > 0 ? metrics.find(promql, origin) : undefined;
      if (metric !== undefined && own.find(promql) === undefined) {
        metric.demand.came();
        const isThere = forAll.find(metric.shared.promql) !== undefined;
        const answer =
          (isThere || metric.demand.isForAll()) &&
          (await fromAll(metric, metric.request, promql, caller));
        if (answer) return answer;
      }
      return fromOwn(promql, caller);
    },
  };
}

function causeOfLong(error: unknown): unknown {
  return error instanceof LongQueryError ? error.cause : error;
}

function howAnswered<T>(answers: RecentAnswers<T>, promql: string): NeededQuery['answered'] {
  switch (answers.find(promql)) {
    case 'kept':
      return 'reused';
    case 'running':
      return 'joined';
    default:
      return 'asked';
  }
}

/** What came is no answer to a query over all objects. */
class NoSharedAnswer extends Error {
  override readonly name = 'NoSharedAnswer';

  constructor() {
    super('a sample has not the labels of an object, or an object has two samples');
  }
}

/** Anything but an array is a large response, which is kept only for the callers that wait for it. */
function ownBytesOf(samples: Samples): number {
  return Array.isArray(samples) ? sampleBytes(samples) : Number.POSITIVE_INFINITY;
}
