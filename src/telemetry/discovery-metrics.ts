import { Counter, Gauge, type Registry } from 'prom-client';
import type { PrometheusEndpoint } from './metrics.ts';

/** What finding out which series there are costs, and how it is done. */
export interface DiscoveryMetrics {
  /** An answer of Prometheus was read, or a part of it; bytes as unpacked. */
  prometheusAnswered(endpoint: PrometheusEndpoint, bytes: number): void;
  /** How many series queries the last relist had answered in a way: by label endpoints or not. */
  seriesQueriesDiscovered(way: 'series' | 'labels', count: number): void;
}

export function discoveryMetrics(registry: Registry, prefix: string): DiscoveryMetrics {
  const bytes = new Counter({
    name: `${prefix}prometheus_response_bytes_total`,
    help: "Bytes of Prometheus's answers, unpacked.",
    labelNames: ['endpoint'],
    registers: [registry],
  });
  const queries = new Gauge({
    name: `${prefix}discovered_series_queries`,
    help: 'Series queries that the last relist has the series of, by what Prometheus was asked for.',
    labelNames: ['way'],
    registers: [registry],
  });
  return {
    prometheusAnswered: (endpoint, count) => bytes.inc({ endpoint }, count),
    seriesQueriesDiscovered: (way, count) => queries.set({ way }, count),
  };
}
