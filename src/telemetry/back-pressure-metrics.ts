import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Why a request was not sent to Prometheus. */
export type NotAskedReason = 'queue_full' | 'deadline' | 'circuit_open';

/** What waits for Prometheus, and whether it is there. */
export interface BackPressureMetrics {
  /** How many queries Prometheus has, and how many wait for their turn. */
  queryQueueChanged(now: { readonly running: number; readonly waiting: number }): void;
  /** A query's turn came after so many seconds. */
  queryWaited(seconds: number): void;
  /** A query, or a request for series, was not sent. */
  prometheusNotAsked(reason: NotAskedReason): void;
  /** A query was tried once more. */
  queryRetried(): void;
  prometheusLost(): void;
  prometheusBack(): void;
}

const REASONS = ['queue_full', 'deadline', 'circuit_open'] as const;
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** @param prefix of the names of all metrics */
export function backPressureMetrics(registry: Registry, prefix: string): BackPressureMetrics {
  return { ...queueMetrics(registry, prefix), ...circuitMetrics(registry, prefix) };
}

type QueueMetrics = Pick<
  BackPressureMetrics,
  'queryQueueChanged' | 'queryWaited' | 'prometheusNotAsked' | 'queryRetried'
>;

function queueMetrics(registry: Registry, prefix: string): QueueMetrics {
  const running = new Gauge({
    name: `${prefix}prometheus_queries_running`,
    help: 'Queries that Prometheus has been asked and has not answered yet.',
    registers: [registry],
  });
  const queued = new Gauge({
    name: `${prefix}prometheus_queries_queued`,
    help: 'Queries that wait for their turn to be asked.',
    registers: [registry],
  });
  const waited = new Histogram({
    name: `${prefix}prometheus_query_queue_duration_seconds`,
    help: 'How long queries waited for their turn, those that had not to wait included.',
    buckets: SECONDS,
    registers: [registry],
  });
  const notAsked = new Counter({
    name: `${prefix}prometheus_not_asked_total`,
    help: 'Queries and requests for series that failed without being sent to Prometheus, by why.',
    labelNames: ['reason'],
    registers: [registry],
  });
  const retries = new Counter({
    name: `${prefix}prometheus_query_retries_total`,
    help: 'Queries that were tried once more after a failure that came at once.',
    registers: [registry],
  });
  for (const reason of REASONS) notAsked.inc({ reason }, 0);
  return {
    queryQueueChanged(now) {
      running.set(now.running);
      queued.set(now.waiting);
    },
    queryWaited: (seconds) => waited.observe(seconds),
    prometheusNotAsked: (reason) => notAsked.inc({ reason }),
    queryRetried: () => retries.inc(),
  };
}

type CircuitMetrics = Pick<BackPressureMetrics, 'prometheusLost' | 'prometheusBack'>;

function circuitMetrics(registry: Registry, prefix: string): CircuitMetrics {
  const isOpen = new Gauge({
    name: `${prefix}prometheus_circuit_open`,
    help: '1 while the circuit breaker is open because Prometheus is unavailable, 0 otherwise.',
    registers: [registry],
  });
  const opened = new Counter({
    name: `${prefix}prometheus_circuit_opened_total`,
    help: 'How often Prometheus was lost.',
    registers: [registry],
  });
  return {
    prometheusLost() {
      isOpen.set(1);
      opened.inc();
    },
    prometheusBack: () => isOpen.set(0),
  };
}
