import { checkQuery } from '../promql/check.ts';
import { type MetricsQuery, QueryError, type QueryRequest } from './metrics-query.ts';

/** The query for a request; undefined where there is none, or it is no PromQL. */
export function expandOrNothing(query: MetricsQuery, request: QueryRequest): string | undefined {
  try {
    const text = query.for(request);
    return checkQuery(text).length === 0 ? text : undefined;
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}
