import type {
  Caller,
  QueryAnswer,
  QueryOrigin,
  QueryRunner,
} from '../prometheus/sharing/query-runner.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Runs a query; a failure becomes the error that clients may see, its cause kept for the log.
 *
 * @param origin undefined where nothing but the query itself can answer the request
 */
export async function runQuery(
  queries: QueryRunner,
  query: string,
  { signal, flow, onQuery }: Caller,
  origin?: QueryOrigin,
): Promise<QueryAnswer> {
  try {
    return await queries.query(query, { signal, flow, onQuery, origin });
  } catch (cause) {
    if (cause instanceof MetricsError) throw cause;
    throw new MetricsError('InternalError', 'unable to fetch metrics', { cause });
  }
}
