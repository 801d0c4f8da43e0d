import type { QueryRequest } from '../query.ts';

/**
 * Makes the query of a request once, as long as those who ask have the very same list of names (and
 * selector) from where lists are kept: autoscalers ask for the same objects over and over, and a
 * query for many is long. Of each list the last request is remembered, for as long as there is the list.
 *
 * @param make depends on nothing but the request
 */
export function rememberQueries(
  make: (request: QueryRequest) => string,
): (request: QueryRequest) => string {
  const known = new WeakMap<readonly string[], Remembered>();
  return (request) => {
    const names = request.objects?.names;
    // One name makes a short query, and its list is made for the request.
    if (names === undefined || names.length < 2) return make(request);
    const last = known.get(names);
    if (last !== undefined && isSame(last.request, request)) return last.query;
    const query = make(request);
    known.set(names, { request, query });
    return query;
  };
}

interface Remembered {
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
