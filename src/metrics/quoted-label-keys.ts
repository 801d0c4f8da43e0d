import type { QueryOrigin, QueryRunner } from '../prometheus/sharing/query-runner.ts';
import { quotedKeyOf } from '../rules/request-matchers.ts';
import { MetricsError } from './metrics-error.ts';

/** The query parameter with the selector on the labels of a metric. */
const PARAMETER = { custom: 'metricLabelSelector', external: 'labelSelector' } as const;

/**
 * A runner that reports a rejected query as an error of the client if its selector has a key such as
 * `x.y/z`: the key must be quoted in PromQL, which Prometheus accepts since version 3.
 *
 * @param isRefusal whether an error means that the server rejected the query
 */
export function tellRefusedKeys(
  queries: QueryRunner,
  isRefusal: (error: unknown) => boolean,
): QueryRunner {
  return {
    async query(promql, options) {
      try {
        return await queries.query(promql, options);
      } catch (cause) {
        const refused = options.origin && isRefusal(cause) ? refusedKey(options.origin) : undefined;
        if (refused === undefined) throw cause;
        throw new MetricsError('BadRequest', refused, { cause });
      }
    },
  };
}

function refusedKey({ rule, request }: QueryOrigin): string | undefined {
  const key = quotedKeyOf(request.selector);
  return key === undefined
    ? undefined
    : `${PARAMETER[rule.kind]}: Prometheus does not accept the label ${JSON.stringify(key)}: expected letters, digits and underscores, not beginning with a digit (other names need Prometheus 3)`;
}
