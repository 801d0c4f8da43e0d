import type { MetricsRegistry } from '../telemetry/registry.ts';
import type { FinishedRequest, PrometheusEndpoint } from './client/options.ts';
import type { RequestRejection } from './errors.ts';
import type { NeededQuery } from './query.ts';

/** Metrics of requests to Prometheus. */
export interface PrometheusMetrics extends ResponseMetrics, GuardMetrics, SharingMetrics {}

export function createPrometheusMetrics(registry: MetricsRegistry): PrometheusMetrics {
  return {
    ...responseMetrics(registry),
    ...guardMetrics(registry),
    ...sharingMetrics(registry),
  };
}

type PrometheusOutcome = FinishedRequest['outcome'];

/** `partial`: the response is partial; `annotation`: it has a PromQL annotation. */
type WarningType = 'partial' | 'annotation';

interface ResponseMetrics {
  prometheusRequest(
    endpoint: PrometheusEndpoint,
    outcome: PrometheusOutcome,
    durationSeconds: number,
  ): void;
  /** @param bytes of a response or a part of it, decompressed */
  prometheusAnswered(endpoint: PrometheusEndpoint, bytes: number): void;
  /** A response had one or more warnings of this type. */
  responseWarning(endpoint: PrometheusEndpoint, type: WarningType): void;
  /** The number of seconds by which the clock of Prometheus is ahead. */
  prometheusClockSkew(seconds: number): void;
}

const ENDPOINTS = [
  'query',
  'series',
  'labels',
  'label_values',
] as const satisfies readonly PrometheusEndpoint[];
const OUTCOMES = [
  'success',
  'unreachable',
  'timeout',
  'bad_query',
  'bad_answer',
  'unavailable',
  'too_large',
  'partial',
  'unauthorized',
  'canceled',
] as const satisfies readonly PrometheusOutcome[];
const WARNING_TYPES = ['partial', 'annotation'] as const satisfies readonly WarningType[];

function responseMetrics(registry: MetricsRegistry): ResponseMetrics {
  const requests = registry.counter({
    name: 'prometheus_requests_total',
    help: 'Requests to Prometheus, by outcome.',
    labels: { endpoint: ENDPOINTS, outcome: OUTCOMES },
  });
  const duration = registry.histogram({
    name: 'prometheus_request_duration_seconds',
    help: 'Duration of requests to Prometheus, including failed ones.',
    labels: { endpoint: ENDPOINTS },
  });
  const bytes = registry.counter({
    name: 'prometheus_response_bytes_total',
    help: 'Bytes of the responses of Prometheus, decompressed.',
    labels: { endpoint: ENDPOINTS },
  });
  const warnings = registry.counter({
    name: 'prometheus_response_warnings_total',
    help: 'Responses of Prometheus that are partial (partial) or have PromQL annotations (annotation), by type.',
    labels: { endpoint: ENDPOINTS, type: WARNING_TYPES },
  });
  const skew = registry.gauge({
    name: 'prometheus_clock_skew_seconds',
    help: 'Seconds by which the clock of Prometheus is ahead of that of the adapter, from the Date header of the last response; 0 if no difference can be measured.',
  });
  return {
    prometheusRequest: (endpoint, outcome, seconds) => {
      requests.inc({ endpoint, outcome });
      duration.observe({ endpoint }, seconds);
    },
    prometheusAnswered: (endpoint, count) => bytes.inc({ endpoint }, count),
    responseWarning: (endpoint, type) => warnings.inc({ endpoint, type }),
    prometheusClockSkew: (seconds) => skew.set(seconds),
  };
}

interface GuardMetrics {
  queryQueueChanged(now: { readonly running: number; readonly waiting: number }): void;
  /** A query was sent after this time in the queue. */
  queryWaited(seconds: number): void;
  /** A request was rejected without being sent to Prometheus. */
  requestToPrometheusRejected(reason: RequestRejection): void;
  queryRetried(): void;
  circuitOpened(): void;
  circuitClosed(): void;
}

const REJECTION_REASONS = [
  'queue_full',
  'deadline',
  'circuit_open',
] as const satisfies readonly RequestRejection[];
const QUEUE_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

function guardMetrics(registry: MetricsRegistry): GuardMetrics {
  const running = registry.gauge({
    name: 'prometheus_queries_running',
    help: 'Queries in flight to Prometheus.',
  });
  const queued = registry.gauge({
    name: 'prometheus_queries_queued',
    help: 'Queries waiting to be sent to Prometheus.',
  });
  const waited = registry.histogram({
    name: 'prometheus_query_queue_duration_seconds',
    help: 'Time that queries spent in the queue, including those that were sent immediately.',
    buckets: QUEUE_BUCKETS,
  });
  const rejected = registry.counter({
    name: 'prometheus_requests_rejected_total',
    help: 'Queries and requests for series that failed without being sent to Prometheus, by reason.',
    labels: { reason: REJECTION_REASONS },
  });
  const retries = registry.counter({
    name: 'prometheus_query_retries_total',
    help: 'Queries that were retried after they had failed immediately.',
  });
  const isOpen = registry.gauge({
    name: 'prometheus_circuit_open',
    help: '1 while the circuit breaker is open because Prometheus is unavailable, 0 otherwise.',
  });
  const opened = registry.counter({
    name: 'prometheus_circuit_opened_total',
    help: 'How often the circuit breaker was opened because Prometheus was unavailable.',
  });
  return {
    queryQueueChanged(now) {
      running.set(now.running);
      queued.set(now.waiting);
    },
    queryWaited: (seconds) => waited.observe(seconds),
    requestToPrometheusRejected: (reason) => rejected.inc({ reason }),
    queryRetried: () => retries.inc(),
    circuitOpened() {
      isOpen.set(1);
      opened.inc();
    },
    circuitClosed: () => isOpen.set(0),
  };
}

interface SharingMetrics {
  /** A request needed the result of a query. */
  queryNeeded(scope: NeededQuery['scope'], source: NeededQuery['source']): void;
  /** The number and the approximate size of the results that are kept. */
  answersKept(scope: NeededQuery['scope'], count: number, bytes: number): void;
}

const SCOPES = ['own', 'all'] as const satisfies readonly NeededQuery['scope'][];
const SOURCES = [
  'prometheus',
  'in_flight',
  'cache',
] as const satisfies readonly NeededQuery['source'][];

function sharingMetrics(registry: MetricsRegistry): SharingMetrics {
  const needed = registry.counter({
    name: 'queries_total',
    help: 'Queries that API requests needed, by the source of the result: sent for the request (prometheus), already sent for another request (in_flight), or a recent result (cache). The scope is the objects of the request (own), or all objects of a metric (all).',
    labels: { scope: SCOPES, source: SOURCES },
  });
  const kept = registry.gauge({
    name: 'query_cache_entries',
    help: 'Query results in the cache.',
    labels: { scope: SCOPES },
  });
  const bytes = registry.gauge({
    name: 'query_cache_bytes',
    help: 'Approximate memory of the cached query results.',
    labels: { scope: SCOPES },
  });
  for (const scope of SCOPES) {
    kept.set({ scope }, 0);
    bytes.set({ scope }, 0);
  }
  return {
    queryNeeded: (scope, source) => needed.inc({ scope, source }),
    answersKept(scope, count, size) {
      kept.set({ scope }, count);
      bytes.set({ scope }, size);
    },
  };
}
