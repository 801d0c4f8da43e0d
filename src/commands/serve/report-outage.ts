import type { GuardObserver } from '../../prometheus/guard/guard.ts';
import type { PrometheusMetrics } from '../../prometheus/monitoring.ts';
import type { Logger } from '../../telemetry/logger.ts';

/**
 * Exports metrics of queued and retried requests to Prometheus, and logs when it becomes unavailable and
 * when it is available again. Failed requests are logged elsewhere.
 */
export function createOutageReport(log: Logger, metrics: PrometheusMetrics): GuardObserver {
  return {
    queueChanged: metrics.queryQueueChanged,
    waited: metrics.queryWaited,
    notAsked: metrics.requestToPrometheusRejected,
    retried(error) {
      metrics.queryRetried();
      log.verbose(6, 'a query is tried once more', { error });
    },
    lost({ lastError }) {
      metrics.circuitOpened();
      log.error(
        'Prometheus is unavailable: requests that need it fail immediately until it responds',
        {
          error: lastError,
        },
      );
    },
    back({ since }) {
      metrics.circuitClosed();
      log.info('Prometheus is available again', { lostForSeconds: (Date.now() - since) / 1000 });
    },
  };
}
