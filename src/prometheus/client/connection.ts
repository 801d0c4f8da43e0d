import { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import axios, { type AxiosRequestConfig, isAxiosError } from 'axios';
import {
  ACCEPTED_ENCODING,
  decodedBody,
  UnknownEncodingError,
} from '../../http-client/decoded-body.ts';
import { PrometheusError } from '../errors.ts';
import { openAgents } from './agents.ts';
import { authorizationOf } from './authorization.ts';
import { parseBaseUrl } from './base-url.ts';
import { clockOffset } from './clock-offset.ts';
import { parseExtraHeaders } from './extra-headers.ts';
import type { PrometheusOptions } from './options.ts';
import { redact } from './redaction.ts';
import { MOST_REDIRECTS, type RedirectableRequest, redirected } from './redirect.ts';

export interface ConnectionRequest {
  readonly verb: 'GET' | 'POST';
  /** e.g. `/api/v1/query` */
  readonly path: string;
  /** In the URL of a GET, as the form of a POST. */
  readonly parameters: URLSearchParams;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** The target of a redirect, without user name, password and query. */
  readonly location: string | undefined;
  /** Decompressed. The caller has to read or destroy it. */
  readonly body: Readable;
  /** Makes a text of the response safe for the log. */
  redact(text: string): string;
}

/** HTTP to one Prometheus server. */
export interface Connection {
  /**
   * Sends a request and waits for the response headers of any status. Redirects are followed only
   * within the same scheme, host and port, since the request contains credentials.
   *
   * @throws PrometheusError `unreachable`; `bad_answer` if the response is not HTTP, or after too many
   *   redirects; `unauthorized`, without a status, if the credentials are not available
   */
  send(request: ConnectionRequest): Promise<HttpAnswer>;
  /** Whether data has arrived for any request in flight since the last call. */
  hasReceived(): boolean;
  /** Closes all connections, including those in use. New requests open new ones. */
  close(): void;
}

/** The maximum number of bytes that are read of the body of a redirect. */
const MOST_DISCARDED = 64 * 1024;

/** @throws PrometheusOptionsError if an option is invalid */
export function connect(options: PrometheusOptions): Connection {
  const baseUrl = parseBaseUrl(options.url);
  const agents = openAgents(options, baseUrl.isHttps);
  const authorization = authorizationOf(options, baseUrl.authorization);
  const extraHeaders = Object.fromEntries(parseExtraHeaders(options.headers ?? []));
  const fixedSecrets = [...Object.values(extraHeaders).flat(), ...baseUrl.parameterValues];

  async function send(request: ConnectionRequest): Promise<HttpAnswer> {
    const [agent, credentials] = await Promise.all([agents.agent(), authorization(request.signal)]);
    const secrets = [...fixedSecrets, ...secretsIn(credentials)];
    const isGet = request.verb === 'GET';
    const headers = {
      accept: 'application/json',
      'accept-encoding': ACCEPTED_ENCODING,
      'user-agent': 'prom-metrics-adapter',
      ...(credentials === undefined ? {} : { authorization: credentials }),
      ...mutable(extraHeaders),
    };
    return followRedirects(
      {
        method: request.verb,
        url: baseUrl.resolve(request.path, isGet ? request.parameters : undefined),
        form: isGet ? undefined : request.parameters,
      },
      ({ method, url, form }) =>
        exchange(
          {
            method,
            url,
            data: form,
            headers,
            signal: request.signal,
            httpAgent: agent,
            httpsAgent: agent,
            ...(isLoopback(baseUrl.hostname) ? { proxy: false as const } : {}),
          },
          secrets,
          options.onClockOffset,
        ),
    );
  }

  return { send, hasReceived: agents.hasReceived, close: agents.close };
}

interface LocatedAnswer extends HttpAnswer {
  /** The unmodified header `Location`. */
  readonly redirect: string | undefined;
}

async function followRedirects(
  first: RedirectableRequest,
  send: (request: RedirectableRequest) => Promise<LocatedAnswer>,
): Promise<HttpAnswer> {
  let request = first;
  for (let followed = 0; followed <= MOST_REDIRECTS; followed += 1) {
    const answer = await send(request);
    const next = redirected(request, answer.status, answer.redirect);
    if (next === undefined) return answer;
    discard(answer.body);
    request = next;
  }
  const detail = `the last one leads to ${new URL(request.url).pathname}`;
  throw new PrometheusError('bad_answer', `more than ${MOST_REDIRECTS} redirects in a row`, {
    detail,
  });
}

/** A short body is read to the end, so that the connection can be reused. */
function discard(body: Readable): void {
  let bytes = 0;
  body.on('error', () => undefined);
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_DISCARDED) body.destroy();
  });
}

async function exchange(
  config: AxiosRequestConfig,
  secrets: readonly string[],
  onClockOffset: PrometheusOptions['onClockOffset'],
): Promise<LocatedAnswer> {
  const sentAt = Date.now();
  try {
    const { status, headers, data } = await requestOverLiveConnection(config);
    const offset = clockOffset(headers.date, headers.age, { sentAt, answeredAt: Date.now() });
    if (offset !== undefined) onClockOffset?.(offset);
    const redirect: unknown = headers.location;
    return {
      status,
      location: locationIn(redirect),
      redirect: typeof redirect === 'string' ? redirect : undefined,
      body: decodedBody(data, headers['content-encoding']),
      redact: (text) => redact(text, secrets),
    };
  } catch (error) {
    if (error instanceof UnknownEncodingError) {
      throw new PrometheusError('bad_answer', error.message);
    }
    throw connectionError(error, secrets);
  }
}

/**
 * The server may have closed a keep-alive connection while it was idle, which is detected at the next
 * request only. Requests change nothing on the server, so they are sent again, until a new connection is
 * used.
 */
async function requestOverLiveConnection(config: AxiosRequestConfig) {
  for (;;) {
    try {
      return await axios.request<Readable>({
        ...config,
        responseType: 'stream',
        decompress: false,
        maxRedirects: 0,
        maxBodyLength: Number.POSITIVE_INFINITY,
        validateStatus: () => true,
      });
    } catch (error) {
      if (!isStaleConnection(error)) {
        throw error;
      }
    }
  }
}

function isStaleConnection(error: unknown): boolean {
  return (
    isAxiosError(error) &&
    (error.code === 'ECONNRESET' || error.code === 'EPIPE') &&
    error.request instanceof ClientRequest &&
    error.request.reusedSocket
  );
}

/** Without the error of the HTTP library as cause, since it contains the request with its headers. */
function connectionError(error: unknown, secrets: readonly string[]): PrometheusError {
  const code = isAxiosError(error) ? (error.code ?? '') : '';
  const message = error instanceof Error ? error.message : '';
  if (code === 'EPROTO' && message.includes('wrong version number')) {
    const detail = 'the server does not use TLS; does its URL begin with http://?';
    return new PrometheusError('unreachable', 'cannot reach Prometheus', { detail });
  }
  const parts = message.includes(code) ? [message] : [code, message];
  const detail = redact(parts.filter((part) => part !== '').join(': '), secrets);
  return code.startsWith('HPE_')
    ? new PrometheusError('bad_answer', 'the server does not use HTTP', { detail })
    : new PrometheusError('unreachable', 'cannot reach Prometheus', { detail });
}

function secretsIn(credentials: string | undefined): readonly string[] {
  return credentials === undefined ? [] : credentials.split(' ');
}

function mutable(headers: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, [...values]]));
}

function locationIn(header: unknown): string | undefined {
  if (typeof header !== 'string') {
    return undefined;
  }
  const url = URL.parse(header);
  return url === null ? header.replace(/[?#].*$/s, '') : `${url.origin}${url.pathname}`;
}

/** As in Go, a proxy in the environment is not used for servers on this machine. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
