import { PrometheusError, type PrometheusErrorKind } from '../errors.ts';

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
export function failureScope(error: unknown): FailureScope {
  if (!(error instanceof PrometheusError)) return 'server';
  const { kind, status, errorType } = error;
  switch (kind) {
    case 'bad_query':
    case 'too_large':
      return 'query';
    case 'timeout':
      // A timeout of a proxy does not show whether Prometheus is available.
      return status === 504 && errorType === undefined ? 'unclear' : 'query';
    default:
      return status !== undefined && status >= 400 && status <= 502 ? 'unclear' : 'server';
  }
}

/**
 * Whether a failure suggests that Prometheus is unavailable: there is no connection, a proxy gets no
 * response, or Prometheus is starting.
 */
export function indicatesOutage({ kind, status, errorType }: PrometheusError): boolean {
  if (kind === 'unreachable') return true;
  const isGatewayStatus = status === 502 || status === 503 || status === 504;
  // Prometheus also returns 503 for a query that timed out.
  return isGatewayStatus && (kind === 'unavailable' || errorType === undefined);
}

/** Whether a failure shows that Prometheus is available, since it responded. */
export function indicatesResponse(error: PrometheusError): boolean {
  const { kind, status, errorType } = error;
  if (indicatesOutage(error) || kind === 'canceled' || kind === 'rejected') return false;
  // Without credentials nothing was sent.
  if (kind === 'unauthorized' && status === undefined) return false;
  return kind !== 'timeout' || errorType !== undefined;
}

/** The kinds of error for a request that a server does not support, or a proxy does not allow. */
const UNSUPPORTED_KINDS: ReadonlySet<PrometheusErrorKind> = new Set([
  'bad_query',
  'bad_answer',
  'unauthorized',
]);

/**
 * Whether an error means that the server does not support the request, as opposed to being unreachable
 * or temporarily unavailable.
 */
export function isUnsupported(error: unknown): boolean {
  if (!(error instanceof PrometheusError)) return false;
  return UNSUPPORTED_KINDS.has(error.kind) || error.status === 501;
}

/** Whether Prometheus rejected the request, so that a retry would be rejected as well. */
export function isRefused(error: unknown): boolean {
  return error instanceof PrometheusError && error.kind === 'bad_query';
}

/** Whether an error may be about the request only: if so, another request shows whether the server works. */
export function mayConcernRequestOnly(error: unknown): boolean {
  if (!(error instanceof PrometheusError)) return false;
  const { status } = error;
  return status !== undefined && status >= 400 && status < 500 && status !== 429;
}
