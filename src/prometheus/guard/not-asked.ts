/**
 * Why a query was not sent to Prometheus:
 * - `queue_full`: as many queries wait already as may
 * - `deadline`: its time was over while it waited
 * - `circuit_open`: Prometheus has been lost, and nobody has heard of it since
 */
export type NotAskedReason = 'queue_full' | 'deadline' | 'circuit_open';

/**
 * A request that Prometheus has never seen, so nothing is known of what it would have answered. The
 * message is one line for the log; it may quote what Prometheus or the system said before.
 */
export class NotAskedError extends Error {
  readonly reason: NotAskedReason;

  constructor(reason: NotAskedReason, message: string) {
    super(message);
    this.name = 'NotAskedError';
    this.reason = reason;
  }
}
