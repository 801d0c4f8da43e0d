import type { NeededQuery, OnQuery, QueryEnd } from '../prometheus/sharing/query-runner.ts';

/** A query that a request needed. */
export interface RequestQuery extends NeededQuery {
  /** Undefined where the request was over before. */
  readonly end: QueryEnd | undefined;
}

/** The queries of one request. */
export interface RequestQueries {
  readonly onQuery: OnQuery;
  /** Those so far, in the order in which they were needed. */
  list(): readonly RequestQuery[];
}

export function collectQueries(): RequestQueries {
  const queries: { readonly query: NeededQuery; end: QueryEnd | undefined }[] = [];
  return {
    onQuery(query) {
      const entry: (typeof queries)[number] = { query, end: undefined };
      queries.push(entry);
      return (end) => {
        entry.end = end;
      };
    },
    list: () => queries.map(({ query, end }) => ({ ...query, end })),
  };
}
