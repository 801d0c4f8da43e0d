import { MetricsError } from './metrics-error.ts';
import type { QueryAnswer, QueryRunner } from './query-runner.ts';

/** Runs a query; a failure becomes the error that clients may see, its cause kept for the log. */
export async function runQuery(
  queries: QueryRunner,
  query: string,
  signal: AbortSignal | undefined,
): Promise<QueryAnswer> {
  try {
    return await queries.query(query, signal ? { signal } : {});
  } catch (cause) {
    throw new MetricsError('InternalError', 'unable to fetch metrics', { cause });
  }
}
