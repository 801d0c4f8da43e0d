import type { ConnectionObserver } from '../../apiserver/connections/connections.ts';
import type { ApiserverMetrics } from '../../apiserver/monitoring.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Exports metrics of connections, and logs those that were closed because of limits. */
export function createConnectionReport(log: Logger, metrics: ApiserverMetrics): ConnectionObserver {
  const limit = createLogLimit();
  return {
    onCount: metrics.connectionsOpen,
    onClosed(reason, address) {
      metrics.connectionClosed(reason);
      if (reason === 'shutdown') return;
      const admitted = limit();
      if (admitted !== undefined) {
        log.warn('closed a connection or a request', { reason, address, ...admitted });
      }
    },
  };
}
