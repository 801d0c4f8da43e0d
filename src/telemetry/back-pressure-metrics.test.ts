import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { backPressureMetrics } from './back-pressure-metrics.ts';

async function samples(registry: Registry): Promise<Readonly<Record<string, number>>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line));
  return Object.fromEntries(
    lines.map((line): [string, number] => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

it('begins with a closed circuit, an empty queue and counters that exist', async () => {
  const registry = new Registry();
  backPressureMetrics(registry, 'x_');
  expect(await samples(registry)).toMatchObject({
    x_prometheus_circuit_open: 0,
    x_prometheus_circuit_opened_total: 0,
    x_prometheus_queries_running: 0,
    x_prometheus_queries_queued: 0,
    x_prometheus_query_retries_total: 0,
    'x_prometheus_not_asked_total{reason="queue_full"}': 0,
    'x_prometheus_not_asked_total{reason="deadline"}': 0,
    'x_prometheus_not_asked_total{reason="circuit_open"}': 0,
  });
});

it('tells what waits, what was not asked, and when Prometheus is lost', async () => {
  const registry = new Registry();
  const metrics = backPressureMetrics(registry, 'x_');
  metrics.queryQueueChanged({ running: 20, waiting: 3 });
  metrics.queryWaited(0);
  metrics.queryWaited(0.3);
  metrics.queryRetried();
  metrics.prometheusNotAsked('deadline');
  metrics.prometheusLost();
  expect(await samples(registry)).toMatchObject({
    x_prometheus_circuit_open: 1,
    x_prometheus_circuit_opened_total: 1,
    x_prometheus_queries_running: 20,
    x_prometheus_queries_queued: 3,
    'x_prometheus_query_queue_duration_seconds_bucket{le="0.001"}': 1,
    'x_prometheus_query_queue_duration_seconds_bucket{le="0.5"}': 2,
    x_prometheus_query_queue_duration_seconds_sum: 0.3,
    x_prometheus_query_retries_total: 1,
    'x_prometheus_not_asked_total{reason="deadline"}': 1,
  });
  metrics.prometheusBack();
  expect(await samples(registry)).toMatchObject({
    x_prometheus_circuit_open: 0,
    x_prometheus_circuit_opened_total: 1,
  });
});
