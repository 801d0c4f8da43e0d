import type { ConnectionObserver } from '../../apiserver/connections/connections.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';

/** Puts what becomes of connections into the adapter's own metrics, and into the log what limits closed. */
export function createConnectionReport(log: Logger, metrics: AdapterMetrics): ConnectionObserver {
  const limit = createLogLimit();
  return {
    onCount: metrics.connectionsOpen,
    onClosed(reason, address) {
      metrics.connectionClosed(reason);
      if (reason === 'shutdown') return;
      const admitted = limit();
      if (admitted !== undefined) {
        log.warn('closed a connection, or a request on it', { reason, address, ...admitted });
      }
    },
  };
}
