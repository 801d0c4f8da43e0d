import { expect, it } from 'vitest';
import { metricSamples } from '../../test/fixtures/metric-samples.ts';
import { createMetricsRegistry } from '../telemetry/registry.ts';
import { createPrometheusMetrics } from './monitoring.ts';

function create() {
  const registry = createMetricsRegistry('1');
  return { metrics: createPrometheusMetrics(registry), samples: () => metricSamples(registry) };
}

it('starts with a closed circuit, an empty queue and counters at 0', async () => {
  expect(await create().samples()).toMatchObject({
    prometheus_circuit_open: 0,
    prometheus_circuit_opened_total: 0,
    prometheus_queries_running: 0,
    prometheus_queries_queued: 0,
    prometheus_query_retries_total: 0,
    'prometheus_requests_rejected_total{reason="queue_full"}': 0,
    'prometheus_requests_rejected_total{reason="deadline"}': 0,
    'prometheus_requests_rejected_total{reason="circuit_open"}': 0,
  });
});

it('exports the queue, rejected requests and the circuit', async () => {
  const { metrics, samples } = create();
  metrics.queryQueueChanged({ running: 20, waiting: 3 });
  metrics.queryWaited(0);
  metrics.queryWaited(0.3);
  metrics.queryRetried();
  metrics.requestToPrometheusRejected('deadline');
  metrics.circuitOpened();
  expect(await samples()).toMatchObject({
    prometheus_circuit_open: 1,
    prometheus_circuit_opened_total: 1,
    prometheus_queries_running: 20,
    prometheus_queries_queued: 3,
    'prometheus_query_queue_duration_seconds_bucket{le="0.001"}': 1,
    'prometheus_query_queue_duration_seconds_bucket{le="0.5"}': 2,
    prometheus_query_queue_duration_seconds_sum: 0.3,
    prometheus_query_retries_total: 1,
    'prometheus_requests_rejected_total{reason="deadline"}': 1,
  });
  metrics.circuitClosed();
  expect(await samples()).toMatchObject({
    prometheus_circuit_open: 0,
    prometheus_circuit_opened_total: 1,
  });
});

it('exports requests, their bytes and their notices', async () => {
  const { metrics, samples } = create();
  metrics.prometheusRequest('query', 'success', 0.02);
  metrics.prometheusRequest('series', 'timeout', 30);
  metrics.prometheusAnswered('series', 20_000_000);
  metrics.prometheusAnswered('labels', 300);
  metrics.prometheusAnswered('labels', 44);
  metrics.responseWarning('query', 'partial');
  metrics.prometheusClockSkew(-3);
  expect(await samples()).toMatchObject({
    'prometheus_requests_total{endpoint="query",outcome="success"}': 1,
    'prometheus_requests_total{endpoint="query",outcome="timeout"}': 0,
    'prometheus_requests_total{endpoint="series",outcome="timeout"}': 1,
    'prometheus_request_duration_seconds_sum{endpoint="series"}': 30,
    'prometheus_request_duration_seconds_bucket{le="0.025",endpoint="query"}': 1,
    'prometheus_response_bytes_total{endpoint="series"}': 20_000_000,
    'prometheus_response_bytes_total{endpoint="labels"}': 344,
    'prometheus_response_warnings_total{endpoint="query",type="partial"}': 1,
    prometheus_clock_skew_seconds: -3,
  });
});

it('exports the sharing of queries', async () => {
  const { metrics, samples } = create();
  expect(await samples()).toMatchObject({
    'queries_total{scope="all",source="in_flight"}': 0,
    'query_cache_entries{scope="own"}': 0,
  });
  metrics.queryNeeded('own', 'prometheus');
  metrics.queryNeeded('all', 'in_flight');
  metrics.queryNeeded('all', 'in_flight');
  metrics.answersKept('all', 3, 900);
  metrics.answersKept('all', 2, 600);
  expect(await samples()).toMatchObject({
    'queries_total{scope="own",source="prometheus"}': 1,
    'queries_total{scope="all",source="in_flight"}': 2,
    'query_cache_entries{scope="all"}': 2,
    'query_cache_bytes{scope="all"}': 600,
  });
});
