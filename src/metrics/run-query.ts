import { MetricsError } from './metrics-error.ts';
import type { QueryAnswer, QueryRunner, QueryRunnerOptions } from './query-runner.ts';

/** Runs a query; a failure becomes the error that clients may see, its cause kept for the log. */
export async function runQuery(
  queries: QueryRunner,
  query: string,
  options: QueryRunnerOptions,
): Promise<QueryAnswer> {
  try {
    return await queries.query(query, options);
  } catch (cause) {
    throw new MetricsError('InternalError', 'unable to fetch metrics', { cause });
  }
}
