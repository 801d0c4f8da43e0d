/** A request that can be redirected. */
export interface RedirectableRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** The form of a POST. */
  readonly form: URLSearchParams | undefined;
}

/** The maximum number of consecutive redirects. */
export const MOST_REDIRECTS = 5;

/**
 * The request after a redirect. Only redirects within the same scheme, host and port are followed, since
 * the request contains credentials.
 *
 * A POST remains a POST with its form, which has the query: RFC 9110 allows that after 301 and 302, and
 * requires it after 307 and 308. After 303 the new URL is fetched with GET.
 *
 * @param location the header `Location`
 * @returns undefined if the response is not a redirect that is followed
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
