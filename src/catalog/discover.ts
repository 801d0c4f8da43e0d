import pLimit from 'p-limit';
import type { DiscoveredSeries, RuleLists } from './build-catalog.ts';

/** Where the series of the rules come from: Prometheus. */
export interface SeriesSource {
  /**
   * The series that match a selector and have samples since `start` (seconds since the epoch).
   * Only the names of series and labels matter.
   */
  seriesLabelNames(
    match: string,
    range: { readonly start: number },
    options: { readonly signal: AbortSignal },
  ): Promise<DiscoveredSeries>;
}

/** What became of one series query. */
export type DiscoveryOutcome =
  | { readonly seriesQuery: string; readonly found: DiscoveredSeries }
  | { readonly seriesQuery: string; readonly error: unknown };

/** The distinct series queries of the rules, in the order of the file. */
export function seriesQueriesOf(rules: RuleLists): readonly string[] {
  const all = [...rules.custom, ...rules.external].map((rule) => rule.seriesQuery);
  return [...new Set(all)].filter((seriesQuery) => seriesQuery !== '');
}

/**
 * Asks which series exist, one request per series query and at most `concurrency` at once. A
 * failure is the outcome of its own query only.
 */
export async function discover(
  seriesQueries: readonly string[],
  source: SeriesSource,
  options: { readonly start: number; readonly concurrency: number; readonly signal: AbortSignal },
): Promise<readonly DiscoveryOutcome[]> {
  const { start, concurrency, signal } = options;
  const limited = pLimit(concurrency);
  return Promise.all(
    seriesQueries.map((seriesQuery) =>
      limited(async (): Promise<DiscoveryOutcome> => {
        try {
          return {
            seriesQuery,
            found: await source.seriesLabelNames(seriesQuery, { start }, { signal }),
          };
        } catch (error) {
          return { seriesQuery, error };
        }
      }),
    ),
  );
}
