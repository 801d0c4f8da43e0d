import pLimit from 'p-limit';
import type { PrometheusClient } from '../prometheus/client/client.ts';

/** The names of the series that a series query found, and the names of their labels. */
export type DiscoveredSeries = ReadonlyMap<string, ReadonlySet<string>>;

/** The requests that discovery sends to a Prometheus server. */
export type SeriesSource = Pick<
  PrometheusClient,
  'seriesLabelNames' | 'labelNames' | 'labelValues'
>;

/** The requests of one relist. */
export interface DiscoveryRequests {
  /** The names of the series that match, and their labels. */
  series(match: string): Promise<DiscoveredSeries>;
  /** The labels of all series that match, including `__name__`. */
  labels(match: string): Promise<readonly string[]>;
  /** The names of the series that match. */
  names(match: string): Promise<readonly string[]>;
}

/** @param options the same period for all requests, and the maximum number of concurrent ones */
export function discoveryRequests(
  source: SeriesSource,
  options: { readonly start: number; readonly concurrency: number; readonly signal: AbortSignal },
): DiscoveryRequests {
  const { start, concurrency, signal } = options;
  const limited = pLimit(concurrency);
  return {
    series: (match) => limited(() => source.seriesLabelNames(match, { start }, { signal })),
    labels: (match) => limited(() => source.labelNames([match], { start }, { signal })),
    names: (match) => limited(() => source.labelValues('__name__', [match], { start }, { signal })),
  };
}
