import { PrometheusError } from '../client/errors.ts';

/**
 * Whether the failure of a query affects other queries:
 * - `query`: it is about this query; another one may succeed
 * - `unclear`: it may be about this query or about the server
 * - `server`: other queries fail as well, or it is not known
 */
export type FailureScope = 'query' | 'unclear' | 'server';

/**
 * See the table in docs/prometheus.md.
 *
 * @param error any error of a query
 */
export function scopeOfFailure(error: unknown): FailureScope {
  if (!(error instanceof PrometheusError)) return 'server';
  const { kind, status, errorType } = error;
  switch (kind) {
    case 'bad_query':
    case 'too_large':
      return 'query';
    case 'timeout':
      // A proxy that timed out cannot tell whether Prometheus is available.
      return status === 504 && errorType === undefined ? 'unclear' : 'query';
    default:
      return status !== undefined && status >= 400 && status <= 502 ? 'unclear' : 'server';
  }
}

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
