import { ClientRequest } from 'node:http';
import { Readable } from 'node:stream';
import axios, { AxiosError, type AxiosResponse } from 'axios';
import { withDeadline } from '../../async/deadline.ts';
import type { RateLimiter } from '../../async/rate-limiter.ts';
import {
  ACCEPTED_ENCODING,
  decodedBody,
  UnknownEncodingError,
} from '../../http-client/decoded-body.ts';
import type { Credentials, CredentialsSource } from '../credentials/credentials.ts';
import { KubernetesError, kindOfStatus, messageOf } from '../kubernetes-error.ts';
import { type AnswerStreamLimits, readBeginning, streamChunks } from './response-stream.ts';

/** Sends requests to the Kubernetes API. */
export interface KubernetesClient {
  /**
   * @param path absolute and percent-encoded, e.g. `/api/v1/nodes`; without a query
   * @returns the parsed body of a response with status 200
   * @throws {KubernetesError}
   */
  getJson(path: string, options?: GetJsonOptions): Promise<JsonAnswer>;
  /**
   * Sends an object that the server does not store, such as a review. It may be sent again if the
   * connection breaks.
   *
   * @param path absolute and percent-encoded
   * @returns the parsed body of a response with status 200 or 201
   * @throws {KubernetesError}
   */
  postJson(path: string, document: object, options?: RequestLimits): Promise<JsonAnswer>;
  /**
   * Starts a streamed response, such as a watch.
   *
   * @param path absolute and percent-encoded
   * @returns the chunks of a response with status 200, until the server ends it. Leaving the loop closes
   *   the connection.
   * @throws {KubernetesError}, also during the iteration
   */
  watch(path: string, options?: WatchOptions): Promise<AsyncIterable<Buffer>>;
  /** Closes idle connections and aborts the requests in flight. */
  close(): void;
}

export interface GetJsonOptions extends RequestLimits {
  /** Media types; `application/json` by default. */
  readonly accept?: string | undefined;
  readonly query?: URLSearchParams | undefined;
}

/** Here `timeoutMs` limits the time until the response starts. */
export interface WatchOptions extends GetJsonOptions, AnswerStreamLimits {}

export interface RequestLimits {
  readonly signal?: AbortSignal | undefined;
  /** Includes the rate limit, credentials, the connection and the whole response. */
  readonly timeoutMs?: number | undefined;
}

export interface JsonAnswer {
  readonly body: unknown;
  /** The header with its parameters; empty if there was none. */
  readonly contentType: string;
}

export interface KubernetesClientOptions {
  readonly credentials: CredentialsSource;
  readonly limiter: RateLimiter;
  readonly userAgent: string;
  readonly timeoutMs: number;
  /** The maximum size of a response, decompressed. */
  readonly maxAnswerBytes: number;
}

/** How much of an error response to a watch is read. */
const MAX_EXPLANATION_BYTES = 16 * 1024;

/** A client with keep-alive connections. */
export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  const { credentials, limiter } = options;

  const exchange = async <T>(
    message: Message,
    limits: RequestLimits,
    read: (what: string, response: AxiosResponse<unknown>) => T | Promise<T>,
  ): Promise<T> => {
    const what = `${message.method} ${message.path}`;
    const timeoutMs = limits.timeoutMs ?? options.timeoutMs;
    const deadline = {
      timeoutMs,
      signal: limits.signal,
      timeoutError: () =>
        new KubernetesError('timeout', `${what}: no complete response within ${timeoutMs} ms`),
      cancelError: () => new KubernetesError('canceled', `${what}: canceled`),
    };
    let response: AxiosResponse<unknown> | undefined;
    try {
      return await withDeadline(deadline, async (signal) => {
        await limiter.acquire(signal);
        const used = await credentials.current();
        signal.throwIfAborted();
        response = await send(message, used, options, signal);
        const renewed = response.status === 401 ? await credentials.renewed(used) : undefined;
        signal.throwIfAborted();
        if (renewed !== undefined) {
          discard(response);
          response = await send(message, renewed, options, signal);
        }
        return read(what, response);
      });
    } catch (error) {
      discard(response);
      throw failureOf(what, error);
    }
  };

  return {
    getJson: (path, request = {}) =>
      exchange(
        { method: 'GET', path, query: request.query, accept: request.accept },
        request,
        (what, response) => readAnswer(what, 'GET', response, options.maxAnswerBytes),
      ),

    postJson: (path, document, limits = {}) =>
      exchange(
        { method: 'POST', path, document: JSON.stringify(document) },
        limits,
        (what, response) => readAnswer(what, 'POST', response, options.maxAnswerBytes),
      ),

    watch: (path, request = {}) =>
      exchange(
        { method: 'GET', path, query: request.query, accept: request.accept, isStreamed: true },
        request,
        (what, response) => openStream(what, response, request),
      ),

    close() {
      credentials.close();
    },
  };
}

/** A request without credentials. */
interface Message {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly accept?: string | undefined;
  /** In JSON. */
  readonly document?: string;
  readonly isStreamed?: boolean;
}

async function send(
  { method, path, query, accept, document, isStreamed = false }: Message,
  credentials: Credentials,
  options: KubernetesClientOptions,
  signal: AbortSignal,
): Promise<AxiosResponse<unknown>> {
  const attempt = (): Promise<AxiosResponse<unknown>> =>
    axios.request<unknown>({
      method,
      url: urlOf(credentials.server, path, query),
      headers: {
        Accept: accept ?? 'application/json',
        ...(document !== undefined && { 'Content-Type': 'application/json' }),
        // Compression would delay the events.
        'Accept-Encoding': isStreamed ? 'identity' : ACCEPTED_ENCODING,
        'User-Agent': options.userAgent,
        ...credentials.headers,
      },
      ...(document !== undefined && {
        data: document,
        transformRequest: [(text: unknown) => text],
      }),
      httpAgent: credentials.agent,
      httpsAgent: credentials.agent,
      // Otherwise HTTPS_PROXY and NO_PROXY apply, as for client-go.
      ...(credentials.proxied ? { proxy: false } : {}),
      // A redirect would send the credentials to another host.
      maxRedirects: 0,
      responseType: 'stream',
      decompress: false,
      validateStatus: () => true,
      signal,
    });

  try {
    return await attempt();
  } catch (error) {
    if (signal.aborted || !wasClosedIdle(error)) throw error;
    return await attempt();
  }
}

function urlOf(server: string, path: string, query: URLSearchParams | undefined): string {
  const text = query?.toString() ?? '';
  return `${server}${path}${text === '' ? '' : `?${text}`}`;
}

/** Whether the server closed an idle connection when the request was sent on it. */
function wasClosedIdle(error: unknown): boolean {
  if (!(error instanceof AxiosError)) return false;
  const request: unknown = error.request;
  return (
    request instanceof ClientRequest &&
    request.reusedSocket &&
    error.response === undefined &&
    (error.code === 'ECONNRESET' || error.code === 'EPIPE')
  );
}

async function readAnswer(
  what: string,
  method: Message['method'],
  response: AxiosResponse<unknown>,
  maxAnswerBytes: number,
): Promise<JsonAnswer> {
  const { status, headers } = response;
  const contentType = String(headers['content-type'] ?? '');
  const text = await readText(what, bodyOf(what, response), maxAnswerBytes);
  const isSuccess = status === 200 || (method === 'POST' && status === 201);
  if (!isSuccess) throw errorResponse(what, status, text);
  try {
    const body: unknown = JSON.parse(text);
    return { body, contentType };
  } catch (cause) {
    throw new KubernetesError(
      'bad_answer',
      `${what}: expected JSON, got ${contentType || 'no Content-Type'}${explanation(text)}`,
      { status, cause },
    );
  }
}

async function openStream(
  what: string,
  response: AxiosResponse<unknown>,
  limits: AnswerStreamLimits,
): Promise<AsyncIterable<Buffer>> {
  const body = bodyOf(what, response);
  if (response.status === 200) return streamChunks(body, what, limits);
  throw errorResponse(what, response.status, await readBeginning(body, MAX_EXPLANATION_BYTES));
}

function bodyOf(what: string, { data, headers }: AxiosResponse<unknown>): Readable {
  if (!(data instanceof Readable)) throw new KubernetesError('bad_answer', `${what}: no stream`);
  try {
    const body = decodedBody(data, headers['content-encoding']);
    // An error before the first read is reported at the first read.
    body.on('error', () => undefined);
    return body;
  } catch (error) {
    if (!(error instanceof UnknownEncodingError)) throw error;
    throw new KubernetesError('bad_answer', `${what}: ${error.message}`);
  }
}

async function readText(what: string, body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += piece.length;
    if (bytes > maxBytes) {
      const message = `${what}: the response is larger than ${maxBytes} bytes`;
      throw new KubernetesError('bad_answer', message);
    }
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString();
}

function errorResponse(what: string, status: number, text: string): KubernetesError {
  const message = `${what}: the API server returned ${status}${explanation(text)}`;
  return new KubernetesError(kindOfStatus(status), message, { status });
}

/** The message of a Status object, otherwise the beginning of the text. */
function explanation(text: string): string {
  const shown = statusMessage(text) ?? text.trim();
  if (shown === '') return '';
  return `: ${shown.length > 300 ? `${shown.slice(0, 300)}...` : shown}`;
}

function statusMessage(text: string): string | undefined {
  try {
    const status: unknown = JSON.parse(text);
    const isStatus = typeof status === 'object' && status !== null && 'message' in status;
    return isStatus && typeof status.message === 'string' ? status.message : undefined;
  } catch {
    return undefined;
  }
}

/** Closes the connection of a response that is not read to its end. */
function discard(response: AxiosResponse<unknown> | undefined): void {
  if (response?.data instanceof Readable) response.data.destroy();
}

function failureOf(what: string, error: unknown): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const reason = reasonOf(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isNotHttp = code.startsWith('HPE_');
  const isTruncated = code.startsWith('Z_');
  const problem = isTruncated
    ? 'the response is incomplete, or not compressed as declared'
    : isNotHttp
      ? 'the response is not HTTP'
      : 'cannot reach the API server';
  return new KubernetesError(
    isNotHttp || isTruncated ? 'bad_answer' : 'unreachable',
    `${what}: ${problem}: ${reason}`,
    // An AxiosError itself contains the headers with the token.
    { cause: error instanceof AxiosError ? error.cause : error },
  );
}

/** For a host with several addresses, the AggregateError has one error for each. */
function reasonOf(error: unknown): string {
  if (error instanceof AxiosError && error.message === '') return reasonOf(error.cause);
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  return messageOf(error);
}
