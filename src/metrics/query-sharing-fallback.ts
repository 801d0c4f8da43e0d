import type { Caller, QueryAnswer } from './query-runner.ts';

/** The own query of a request whose shared query has failed. */
export interface OwnQuery {
  readonly ask: () => Promise<QueryAnswer>;
  /** Whether a failure of the own query shows that the server answers other queries. */
  readonly isServing: (error: unknown) => boolean;
}

/** What becomes of the requests that waited for one shared query, when that failed. */
export interface SharedFailures {
  /**
   * Asks the own query of the first request. If the server answers that, the failure was the
   * shared query's own, and the other requests ask their own queries. If not, the server is at
   * fault: the others fail with the failure that they share, and an outage costs one more query
   * rather than one for each request.
   *
   * @param failure of the shared query, the same object for all requests that waited for it
   * @returns the answer to the own query of the first request; undefined for the others, where
   *   theirs are to be asked
   * @throws the failure of the own query for the first request; for the others the shared one
   */
  fallBack(failure: unknown, caller: Caller, own: OwnQuery): Promise<QueryAnswer | undefined>;
}

export function createSharedFailures(): SharedFailures {
  const firsts = new WeakMap<object, Promise<'serving' | 'failing' | 'canceled'>>();

  async function verdictOf(
    answer: Promise<QueryAnswer>,
    { signal }: Caller,
    { isServing }: OwnQuery,
  ): Promise<'serving' | 'failing' | 'canceled'> {
    try {
      await answer;
      return 'serving';
    } catch (error) {
      if (signal?.aborted) return 'canceled';
      return isServing(error) ? 'serving' : 'failing';
    }
  }

  return {
    async fallBack(failure, caller, own) {
      if (typeof failure !== 'object' || failure === null) throw failure;
      for (;;) {
        const first = firsts.get(failure);
        if (first === undefined) {
          const answer = own.ask();
          firsts.set(failure, verdictOf(answer, caller, own));
          return answer;
        }
        const verdict = await first;
        if (verdict === 'serving') return undefined;
        if (verdict === 'failing') throw failure;
        // The first request was given up: the next one takes its place.
        if (firsts.get(failure) === first) firsts.delete(failure);
      }
    },
  };
}
