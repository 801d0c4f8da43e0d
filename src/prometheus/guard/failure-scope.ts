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
