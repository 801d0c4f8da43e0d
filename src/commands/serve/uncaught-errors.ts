import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { UncaughtErrorMetrics } from './monitoring.ts';

/**
 * Logs and counts uncaught errors, and continues: unhandled rejections, and exceptions in timers and
 * listeners. Each is a bug of this program.
 *
 * Node.js recommends to exit. But an error that a request can cause would then crash all replicas
 * repeatedly, and little state can be corrupted: rules, catalog and certificates are replaced as a whole or
 * not at all.
 */
export function handleUncaughtErrors(log: Logger, metrics: UncaughtErrorMetrics): void {
  const limit = createLogLimit();
  const report = (error: unknown): void => {
    metrics.uncaughtError();
    const admitted = limit();
    if (admitted === undefined) return;
    const stack = error instanceof Error ? error.stack : undefined;
    log.error('uncaught error, please report it; continuing', {
      error,
      stack,
      ...admitted,
    });
  };
  // Also called for unhandled rejections.
  process.on('uncaughtException', report);
  // A closed standard error must not cause further uncaught errors.
  process.stderr.on('error', () => undefined);
}
