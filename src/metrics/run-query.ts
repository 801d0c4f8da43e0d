import { PrometheusError } from '../prometheus/errors.ts';
import type { Caller, QueryAnswer, QueryOrigin, QueryRunner } from '../prometheus/query.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import { quotedKeyOf } from '../rules/request-matchers.ts';
import { MetricsError } from './metrics-error.ts';

/** The query parameter with the selector on the labels of a metric. */
const PARAMETERS = { custom: 'metricLabelSelector', external: 'labelSelector' } as const;

/**
 * Runs a query for an API request. The cause of an error is for the log only.
 *
 * @param prometheus the name of the server; undefined: the default server
 * @param origin undefined if no other query can answer the request
 * @throws MetricsError `BadRequest` if Prometheus rejected a label name of the selector, otherwise
 *   `InternalError`
 */
export async function runQuery(
  servers: PrometheusServers<QueryRunner>,
  prometheus: string | undefined,
  query: string,
  { signal, flow, onQuery }: Caller,
  origin?: QueryOrigin,
): Promise<QueryAnswer> {
  try {
    return await servers.get(prometheus).query(query, { signal, flow, onQuery, origin });
  } catch (cause) {
    const isRejected = cause instanceof PrometheusError && cause.kind === 'bad_query';
    const badRequest = isRejected && origin !== undefined ? quotedLabelName(origin) : undefined;
    throw badRequest === undefined
      ? new MetricsError('InternalError', 'unable to fetch metrics', { cause })
      : new MetricsError('BadRequest', badRequest, { cause });
  }
}

/** A label name such as `x.y/z` must be quoted in PromQL, which Prometheus accepts since version 3. */
function quotedLabelName({ rule, request }: QueryOrigin): string | undefined {
  const key = quotedKeyOf(request.selector);
  return key === undefined
    ? undefined
    : `${PARAMETERS[rule.kind]}: Prometheus does not accept the label ${JSON.stringify(key)}: expected letters, digits and underscores, not beginning with a digit (other names need Prometheus 3)`;
}
