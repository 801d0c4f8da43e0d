import type { PrometheusError } from '../client/errors.ts';

/**
 * Whether a failed request is one as to a dead Prometheus: there is no connection, or a proxy says
 * that nobody answers it, or Prometheus is starting.
 */
export function isSignOfDeath({ kind, status, errorType }: PrometheusError): boolean {
  if (kind === 'unreachable') return true;
  const isGatewaysWord = status === 502 || status === 503 || status === 504;
  // Prometheus says 503 of a query that took too long, too.
  return isGatewaysWord && (kind === 'unavailable' || errorType === undefined);
}

/** Whether a failed request was answered all the same: whoever refuses is alive. */
export function isSignOfLife(error: PrometheusError): boolean {
  if (isSignOfDeath(error) || error.kind === 'canceled') return false;
  // Without credentials nothing was sent.
  if (error.kind === 'unauthorized' && error.status === undefined) return false;
  return error.kind !== 'timeout' || error.errorType !== undefined;
}
