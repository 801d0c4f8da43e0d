import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { discoveryMetrics } from './discovery-metrics.ts';

it('tells what discovery costs, and how it is done', async () => {
  const registry = new Registry();
  const metrics = discoveryMetrics(registry, 'x_');
  metrics.prometheusAnswered('series', 20_000_000);
  metrics.prometheusAnswered('labels', 300);
  metrics.prometheusAnswered('labels', 44);
  metrics.seriesQueriesDiscovered('series', 7);
  metrics.seriesQueriesDiscovered('series', 1);
  metrics.seriesQueriesDiscovered('labels', 6);
  const samples = (await registry.metrics()).split('\n').filter((line) => line.startsWith('x_'));
  expect(samples).toEqual([
    'x_prometheus_response_bytes_total{endpoint="series"} 20000000',
    'x_prometheus_response_bytes_total{endpoint="labels"} 344',
    'x_discovered_series_queries{way="series"} 1',
    'x_discovered_series_queries{way="labels"} 6',
  ]);
});
