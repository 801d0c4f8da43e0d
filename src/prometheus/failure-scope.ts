import { PrometheusError } from './errors.ts';

/**
 * What a failed query says about other queries:
 * - `query`: the failure is about this query; another one may well succeed
 * - `unclear`: it may be about this query or about the server
 * - `server`: other queries fail as well, or nothing is known
 */
export type FailureScope = 'query' | 'unclear' | 'server';

/**
 * The table in docs/prometheus.md says the same in words.
 *
 * @param error of a query, whatever it is
 */
export function scopeOfFailure(error: unknown): FailureScope {
  if (!(error instanceof PrometheusError)) return 'server';
  const { kind, status, errorType } = error;
  switch (kind) {
    case 'bad_query':
    case 'too_large':
      return 'query';
    case 'timeout':
      // A proxy that waited in vain does not know whether Prometheus is there.
      return status === 504 && errorType === undefined ? 'unclear' : 'query';
    default:
      return status !== undefined && status >= 400 && status <= 502 ? 'unclear' : 'server';
  }
}
