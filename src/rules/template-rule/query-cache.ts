import type { QueryRequest } from '../query.ts';

/**
 * Caches queries for many objects, which are long and which autoscalers request repeatedly. The key is the
 * identity of the list of names. The cache has the last query for each list, until the list is
 * garbage-collected.
 *
 * @param make depends on nothing but the request
 */
export function cacheQueries(
  make: (request: QueryRequest) => string,
): (request: QueryRequest) => string {
  const known = new WeakMap<readonly string[], CachedQuery>();
  return (request) => {
    const names = request.objects?.names;
    // The query for one name is short, and its list is created for each request.
    if (names === undefined || names.length < 2) return make(request);
    const last = known.get(names);
    if (last !== undefined && isSame(last.request, request)) return last.query;
    const query = make(request);
    known.set(names, { request, query });
    return query;
  };
}

interface CachedQuery {
  readonly request: QueryRequest;
  readonly query: string;
}

/** For requests with the same list of names. */
function isSame(a: QueryRequest, b: QueryRequest): boolean {
  return (
    a.series === b.series &&
    (a.selector === b.selector || a.selector.length + b.selector.length === 0) &&
    a.namespace?.label === b.namespace?.label &&
    a.namespace?.value === b.namespace?.value &&
    a.objects?.label === b.objects?.label &&
    a.groupBy.length === b.groupBy.length &&
    a.groupBy.every((label, index) => label === b.groupBy[index])
  );
}
