import type { GuardObserver } from '../../prometheus/guard/guard.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';

/**
 * Exports metrics of queued and retried requests to Prometheus, and logs when it becomes unavailable and
 * when it is available again. Failed requests are logged elsewhere.
 */
export function createOutageReport(log: Logger, metrics: AdapterMetrics): GuardObserver {
  return {
    queueChanged: metrics.queryQueueChanged,
    waited: metrics.queryWaited,
    notAsked: metrics.prometheusNotAsked,
    retried(error) {
      metrics.queryRetried();
      log.verbose(6, 'a query is tried once more', { error });
    },
    lost({ lastError }) {
      metrics.prometheusLost();
      log.error(
        'Prometheus is unavailable: requests that need it fail immediately until it responds',
        {
          error: lastError,
        },
      );
    },
    back({ since }) {
      metrics.prometheusBack();
      log.info('Prometheus is available again', { lostForSeconds: (Date.now() - since) / 1000 });
    },
  };
}
