import type { PrometheusMetrics } from '../../prometheus/monitoring.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** The tolerated clock skew. */
const MAX_SKEW_SECONDS = 30;

/** The time between two lines: behind a load balancer, each server has its own clock. */
const PAUSE_MS = 60_000;

/**
 * Exports the clock skew between Prometheus and this machine as a metric, and logs when it exceeds 30
 * seconds and when it no longer does.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createClockReport(
  log: Logger,
  metrics: PrometheusMetrics,
  now: () => number = () => performance.now(),
): (offsetSeconds: number) => void {
  let isSkewed = false;
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (offsetSeconds) => {
    metrics.prometheusClockSkew(offsetSeconds);
    const isSkewedNow = Math.abs(offsetSeconds) > MAX_SKEW_SECONDS;
    if (isSkewedNow === isSkewed || now() - loggedAt < PAUSE_MS) return;
    isSkewed = isSkewedNow;
    loggedAt = now();
    const fields = { prometheusIsAheadBySeconds: Math.round(offsetSeconds) };
    if (isSkewed) {
      log.warn(
        'clock skew between Prometheus and this machine: series are discovered for the wrong time range, and metrics may be missing',
        fields,
      );
    } else {
      log.info('no more clock skew between Prometheus and this machine', fields);
    }
  };
}
