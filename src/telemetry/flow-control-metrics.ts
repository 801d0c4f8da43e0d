import { Counter, Gauge, type Registry } from 'prom-client';

/** Which requests are served at the same time, and how many reviews are made for them. */
export interface FlowControlMetrics {
  /** How many requests of a pool are in flight. */
  requestsInFlight(pool: string, count: number): void;
  /** A request got no place in a pool. */
  requestRejected(pool: string, reason: string): void;
  /** How many reviews the API server is asked for, and how many wait for their turn. */
  reviewsChanged(pool: string, now: { readonly running: number; readonly waiting: number }): void;
  /** A review got no place to wait for its turn. */
  reviewRejected(pool: string, reason: string): void;
}

const POOLS = ['front_proxy', 'authenticated', 'unproven', 'everyone'];
const REVIEWED_POOLS = ['front_proxy', 'unproven'];
const REASONS = ['full', 'flow_limit'];

/** @param prefix what the names of all metrics begin with */
export function flowControlMetrics(registry: Registry, prefix: string): FlowControlMetrics {
  const inFlight = new Gauge({
    name: `${prefix}flow_control_requests_in_flight`,
    help: 'Requests to our API that have a place, by the pool that it is in.',
    labelNames: ['pool'],
    registers: [registry],
  });
  const rejected = new Counter({
    name: `${prefix}flow_control_requests_rejected_total`,
    help: 'Requests to our API that were answered 429 because their pool had no place for them.',
    labelNames: ['pool', 'reason'],
    registers: [registry],
  });
  const running = new Gauge({
    name: `${prefix}flow_control_reviews_in_flight`,
    help: 'Reviews of tokens and of access that the API server has not answered yet.',
    labelNames: ['pool'],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: `${prefix}flow_control_reviews_waiting`,
    help: 'Reviews of tokens and of access that wait for their turn to be sent.',
    labelNames: ['pool'],
    registers: [registry],
  });
  const reviewsRejected = new Counter({
    name: `${prefix}flow_control_reviews_rejected_total`,
    help: 'Reviews that had no place to wait, so that their requests were answered 429.',
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
