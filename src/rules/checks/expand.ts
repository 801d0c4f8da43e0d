import { checkQuery } from '../../promql/checks/check.ts';
import { QueryError, type QueryRequest } from '../query.ts';
import type { TemplateQuery } from '../template-rule/metrics-query.ts';

/** The query for a request; undefined if the template has none. */
export function expandTemplate(query: TemplateQuery, request: QueryRequest): string | undefined {
  try {
    return query.for(request);
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

/** The query for a request; undefined if there is none, or it is not PromQL. */
export function expandOrNothing(query: TemplateQuery, request: QueryRequest): string | undefined {
  const text = expandTemplate(query, request);
  return text !== undefined && checkQuery(text).length === 0 ? text : undefined;
}
