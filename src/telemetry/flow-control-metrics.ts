import { Counter, Gauge, type Registry } from 'prom-client';

/** Metrics of concurrent requests and reviews. */
export interface FlowControlMetrics {
  /** The number of requests of a pool in flight. */
  requestsInFlight(pool: string, count: number): void;
  /** A request was rejected by its pool. */
  requestRejected(pool: string, reason: string): void;
  /** The number of reviews in flight and in the queue. */
  reviewsChanged(pool: string, now: { readonly running: number; readonly waiting: number }): void;
  /** A review was rejected because it could not be queued. */
  reviewRejected(pool: string, reason: string): void;
}

const POOLS = ['front_proxy', 'authenticated', 'unproven', 'everyone'];
const REVIEWED_POOLS = ['front_proxy', 'unproven'];
const REASONS = ['full', 'flow_limit'];

/** @param prefix of the names of all metrics */
export function flowControlMetrics(registry: Registry, prefix: string): FlowControlMetrics {
  const inFlight = new Gauge({
    name: `${prefix}flow_control_requests_in_flight`,
    help: 'API requests in flight, by pool.',
    labelNames: ['pool'],
    registers: [registry],
  });
  const rejected = new Counter({
    name: `${prefix}flow_control_requests_rejected_total`,
    help: 'API requests rejected with 429, by pool and by reason: the pool was full, or the user had reached its share.',
    labelNames: ['pool', 'reason'],
    registers: [registry],
  });
  const running = new Gauge({
    name: `${prefix}flow_control_reviews_in_flight`,
    help: 'TokenReviews and SubjectAccessReviews in flight.',
    labelNames: ['pool'],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: `${prefix}flow_control_reviews_waiting`,
    help: 'TokenReviews and SubjectAccessReviews waiting to be sent.',
    labelNames: ['pool'],
    registers: [registry],
  });
  const reviewsRejected = new Counter({
    name: `${prefix}flow_control_reviews_rejected_total`,
    help: 'TokenReviews and SubjectAccessReviews rejected because the queue was full or the user had reached its share; their requests returned 429.',
    labelNames: ['pool', 'reason'],
    registers: [registry],
  });
  for (const reason of REASONS) {
    for (const pool of POOLS) rejected.inc({ pool, reason }, 0);
    for (const pool of REVIEWED_POOLS) reviewsRejected.inc({ pool, reason }, 0);
  }
  return {
    requestsInFlight: (pool, count) => inFlight.set({ pool }, count),
    requestRejected: (pool, reason) => rejected.inc({ pool, reason }),
    reviewsChanged(pool, now) {
      running.set({ pool }, now.running);
      waiting.set({ pool }, now.waiting);
    },
    reviewRejected: (pool, reason) => reviewsRejected.inc({ pool, reason }),
  };
}
