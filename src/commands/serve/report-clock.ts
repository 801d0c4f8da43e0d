import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';

/** Seconds by which clocks may differ. */
const MOST_APART = 30;

/** Milliseconds between two lines: behind a load balancer each server has its own clock. */
const PAUSE = 60_000;

/**
 * Puts the difference between the clocks of Prometheus and of this machine into the adapter's own
 * metrics, and one line into the log when it becomes larger than 30 seconds and one when that ends.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createClockReport(
  log: Logger,
  metrics: AdapterMetrics,
  now: () => number = () => performance.now(),
): (offsetSeconds: number) => void {
  let areApart = false;
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (offsetSeconds) => {
    metrics.prometheusClockOffset(offsetSeconds);
    const areApartNow = Math.abs(offsetSeconds) > MOST_APART;
    if (areApartNow === areApart || now() - loggedAt < PAUSE) return;
    areApart = areApartNow;
    loggedAt = now();
    const fields = { prometheusIsAheadBySeconds: Math.round(offsetSeconds) };
    if (areApart) {
      log.warn(
        'clock skew between Prometheus and this machine: series are discovered for the wrong time range, and metrics may be missing',
        fields,
      );
    } else {
      log.info('no more clock skew between Prometheus and this machine', fields);
    }
  };
}
