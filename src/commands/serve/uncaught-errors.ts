import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { UncaughtErrorMetrics } from './monitoring.ts';

/**
 * Keeps the service going when an error reaches nobody: a rejection without a handler, an exception
 * in a timer or a listener. Each is a fault of this program, is logged with its stack and counted.
 *
 * Ending instead would be the textbook's choice. But a fault that a request can bring about would
 * then take every replica down, again and again, and there is little state to be spoilt: rules,
 * catalog and certificates are replaced as a whole or not at all.
 */
export function handleUncaughtErrors(log: Logger, metrics: UncaughtErrorMetrics): void {
  const limit = createLogLimit();
  const tell = (fault: unknown): void => {
    metrics.uncaughtError();
    const admitted = limit();
    if (admitted === undefined) return;
    const stack = fault instanceof Error ? fault.stack : undefined;
    log.error('a fault of the program, please report it; the service goes on', {
      error: fault,
      stack,
      ...admitted,
    });
  };
  // Rejections without a handler come here as well.
  process.on('uncaughtException', tell);
  // A log that nobody reads any more: writing of that into it would never end.
  process.stderr.on('error', () => undefined);
}
