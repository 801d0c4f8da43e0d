import type { Caller, QueryAnswer } from '../query.ts';

/** The single query of a request whose shared query has failed. */
export interface OwnQuery {
  readonly send: () => Promise<QueryAnswer>;
  /** Whether a failure of the single query shows that the server responds to other queries. */
  readonly isServing: (error: unknown) => boolean;
}

/** Handles requests whose shared query has failed. */
export interface SharedFailures {
  /**
   * Sends the single query of the first request. If the server responds to it, only the shared query has
   * failed, and the other requests send their single queries. Otherwise the server is failing: the other
   * requests fail with the shared failure, so that an outage costs one more query instead of one per
   * request.
   *
   * @param failure of the shared query, the same object for all requests that waited for it
   * @returns the answer to the single query of the first request; undefined for others that should send
   *   theirs
   * @throws the failure of the single query for the first request, the shared failure for others
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
          const answer = own.send();
          firsts.set(failure, verdictOf(answer, caller, own));
          return answer;
        }
        const verdict = await first;
        if (verdict === 'serving') return undefined;
        if (verdict === 'failing') throw failure;
        // The first request was cancelled: the next one replaces it.
        if (firsts.get(failure) === first) firsts.delete(failure);
      }
    },
  };
}
