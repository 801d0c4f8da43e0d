import type { Caller, NeededQuery, OnQuery } from './query-runner.ts';

/** Does what is to be done for a query, and tells of its beginning and its end. */
export type QueryTelling = <T>(
  query: NeededQuery,
  caller: Caller,
  answer: () => Promise<T>,
) => Promise<T>;

/**
 * @param now a clock in milliseconds that never goes back
 * @param onAnyQuery told of the queries of all callers, each of whom is told of its own
 */
export function createQueryTelling(
  now: () => number,
  onAnyQuery: OnQuery | undefined,
): QueryTelling {
  return async (query, { onQuery }, answer) => {
    const begun = now();
    const ends = [onAnyQuery?.(query), onQuery?.(query)];
    const tell = (failure: { readonly error?: unknown }): void => {
      const end = { durationSeconds: (now() - begun) / 1000, ...failure };
      for (const each of ends) each?.(end);
    };
    try {
      const found = await answer();
      tell({});
      return found;
    } catch (error) {
      tell({ error });
      throw error;
    }
  };
}
