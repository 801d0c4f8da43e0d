/** A request that a redirect can lead elsewhere. */
export interface RedirectableRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** The form of a POST. */
  readonly form: URLSearchParams | undefined;
}

/** How many redirects may follow one another. */
export const MOST_REDIRECTS = 5;

/**
 * The request that a redirect asks for. Only the same scheme, host and port are followed: the
 * request has our credentials.
 *
 * A POST stays one, with its form, since that has the query: RFC 9110 lets a client choose after
 * 301 and 302, and demands it after 307 and 308. After 303 the new URL has the answer already.
 *
 * @param location the header `Location`
 * @returns undefined where the answer is no redirect that is followed
 */
export function redirected(
  request: RedirectableRequest,
  status: number,
  location: string | undefined,
): RedirectableRequest | undefined {
  if (location === undefined) return undefined;
  const target = URL.parse(location, request.url);
  if (target === null || target.origin !== new URL(request.url).origin) return undefined;
  target.username = '';
  target.password = '';
  target.hash = '';
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return { ...request, url: target.href };
    case 303:
      return { method: 'GET', url: target.href, form: undefined };
    default:
      return undefined;
  }
}
