import type { GuardObserver } from '../../prometheus/guarded-client.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';

/**
 * Puts what becomes of requests before they get to Prometheus into the adapter's own metrics, and
 * one line into the log when it is lost and one when it is back. Each request that fails is logged
 * as such.
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
