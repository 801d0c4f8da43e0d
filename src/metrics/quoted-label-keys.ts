import { quotedKeyOf } from '../rules/metrics-query.ts';
import { MetricsError } from './metrics-error.ts';
import type { QueryOrigin, QueryRunner } from './query-runner.ts';

/** The query parameter that a selector on the labels of a metric comes in. */
const PARAMETER = { custom: 'metricLabelSelector', external: 'labelSelector' } as const;

/**
 * A runner whose refusals are the client's to mend where its selector has a key such as `x.y/z`:
 * PromQL needs quotes around it, which Prometheus takes since version 3.
 *
 * @param isRefusal whether an error says that the query is none for the server
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
    : `${PARAMETER[rule.kind]}: Prometheus does not take the label ${JSON.stringify(key)}: expected letters, digits and underscores, not beginning with a digit (other names need Prometheus 3)`;
}
