import type { Caller, NeededQuery, OnQuery } from '../query.ts';

/** Runs a query, and reports its start and its end. */
export type QueryObserver = <T>(
  query: NeededQuery,
  caller: Caller,
  run: () => Promise<T>,
) => Promise<T>;

/**
 * Reports each query to `onQuery` of its caller.
 *
 * @param now a monotonic clock in milliseconds
 * @param onAnyQuery called for the queries of all callers
 */
export function createQueryObserver(
  now: () => number,
  onAnyQuery: OnQuery | undefined,
): QueryObserver {
  return async (query, { onQuery }, run) => {
    const begun = now();
    const listeners = [onAnyQuery?.(query), onQuery?.(query)];
    const report = (failure: { readonly error?: unknown }): void => {
      const end = { durationSeconds: (now() - begun) / 1000, ...failure };
      for (const listener of listeners) listener?.(end);
    };
    try {
      const answer = await run();
      report({});
      return answer;
    } catch (error) {
      report({ error });
      throw error;
    }
  };
}
