import pLimit from 'p-limit';

/** The series that a series query found: their names, and for each the names of its labels. */
export type DiscoveredSeries = ReadonlyMap<string, ReadonlySet<string>>;

/** Times in seconds since the epoch. */
interface TimeRange {
  readonly start: number;
}

interface Cancellable {
  readonly signal: AbortSignal;
}

/** Where the series of the rules come from: Prometheus. */
export interface SeriesSource {
  /**
   * The series that match a selector and have samples since `start`. Only the names of series and
   * labels matter.
   */
  seriesLabelNames(
    match: string,
    range: TimeRange,
    options: Cancellable,
  ): Promise<DiscoveredSeries>;
  /** The names of the labels of the series that match, `__name__` among them. */
  labelNames(
    matches: readonly string[],
    range: TimeRange,
    options: Cancellable,
  ): Promise<readonly string[]>;
  /** The values that a label has in the series that match. */
  labelValues(
    label: string,
    matches: readonly string[],
    range: TimeRange,
    options: Cancellable,
  ): Promise<readonly string[]>;
}

/** What can be asked in one round of discovery. */
export interface DiscoveryRequests {
  /** All that match: names, and for each its labels. */
  series(match: string): Promise<DiscoveredSeries>;
  /** The labels of all that match, together. */
  labels(match: string): Promise<readonly string[]>;
  /** The names of all that match. */
  names(match: string): Promise<readonly string[]>;
}

/** The requests of one round: all about the same time, and at most `concurrency` at once. */
export function discoveryRequests(
  source: SeriesSource,
  {
    start,
    concurrency,
    signal,
  }: { readonly start: number; readonly concurrency: number; readonly signal: AbortSignal },
): DiscoveryRequests {
  const limited = pLimit(concurrency);
  return {
    series: (match) => limited(() => source.seriesLabelNames(match, { start }, { signal })),
    labels: (match) => limited(() => source.labelNames([match], { start }, { signal })),
    names: (match) => limited(() => source.labelValues('__name__', [match], { start }, { signal })),
  };
}
