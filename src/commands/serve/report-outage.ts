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
    rejected: metrics.requestToPrometheusRejected,
    retried(error) {
      metrics.queryRetried();
      log.verbose(6, 'retrying a query', { error });
    },
    outageBegan({ lastError }) {
      metrics.circuitOpened();
      log.error('Prometheus unreachable, failing fast', { error: lastError });
    },
    outageEnded({ since }) {
      metrics.circuitClosed();
      log.info('Prometheus reachable again', { outageSeconds: (Date.now() - since) / 1000 });
    },
  };
}
