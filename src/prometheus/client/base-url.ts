import { PrometheusOptionsError } from '../errors.ts';

/** The URL of a Prometheus server, taken apart. */
export interface BaseUrl {
  readonly isHttps: boolean;
  readonly hostname: string;
  /** The value for the header `Authorization` from the URL's user name and password, if it has them. */
  readonly authorization: string | undefined;
  /** The values of the URL's own query parameters. */
  readonly parameterValues: readonly string[];
  /**
   * @param path e.g. `/api/v1/query`
   * @param parameters added to the URL's own
   * @returns the whole URL, without user name and password
   */
  resolve(path: string, parameters?: URLSearchParams): string;
}

/**
 * @param text `http(s)://[user:password@]host[:port][/prefix][?parameters]`
 * @throws PrometheusOptionsError where it is not that
 */
export function parseBaseUrl(text: string): BaseUrl {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new PrometheusOptionsError('url', 'expected a URL that begins with http:// or https://');
  }
  const prefix = url.pathname.replace(/\/+$/, '');
  return {
    isHttps: url.protocol === 'https:',
    hostname: url.hostname,
    authorization: basicAuthorization(url),
    parameterValues: [...url.searchParams.values()],
    resolve: (path, parameters) =>
      `${url.origin}${prefix}${path}${joinQueries(url.search.slice(1), parameters?.toString() ?? '')}`,
  };
}

function joinQueries(...queries: readonly string[]): string {
  const joined = queries.filter((query) => query !== '').join('&');
  return joined === '' ? '' : `?${joined}`;
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') {
    return undefined;
  }
  const credentials = `${decodePercent(username)}:${decodePercent(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** A percent sign that stands for itself is what its writer meant. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
