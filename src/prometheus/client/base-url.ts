import { PrometheusOptionsError } from '../errors.ts';

/** The parts of the URL of a Prometheus server. */
export interface BaseUrl {
  readonly isHttps: boolean;
  readonly hostname: string;
  /** The value of the header `Authorization` for the user name and password in the URL, if any. */
  readonly authorization: string | undefined;
  /** The values of the query parameters in the URL. */
  readonly parameterValues: readonly string[];
  /**
   * @param path e.g. `/api/v1/query`
   * @param parameters added to those in the URL
   * @returns the complete URL, without user name and password
   */
  resolve(path: string, parameters?: URLSearchParams): string;
}

/**
 * @param text `http(s)://[user:password@]host[:port][/prefix][?parameters]`
 * @throws PrometheusOptionsError if the format is different
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

/** A text with an unescaped percent sign is used unchanged. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
