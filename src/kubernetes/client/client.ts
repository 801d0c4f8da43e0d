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

/** Exchanges documents with the Kubernetes API. */
export interface KubernetesClient {
  /**
   * @param path absolute and already percent-encoded, e.g. `/api/v1/nodes`; without a query.
   * @returns the parsed body of an answer with status 200.
   * @throws {KubernetesError}
   */
  getJson(path: string, options?: GetJsonOptions): Promise<JsonAnswer>;
  /**
   * Sends a document to where it is answered and not kept, such as a review: where a connection
   * breaks it is sent twice.
   *
   * @param path absolute and already percent-encoded.
   * @returns the parsed body of an answer with status 200 or 201.
   * @throws {KubernetesError}
   */
  postJson(path: string, document: object, options?: RequestLimits): Promise<JsonAnswer>;
  /**
   * Asks for an answer that goes on for as long as there is something to tell, such as a watch.
   *
   * @param path absolute and already percent-encoded.
   * @returns its bytes as they come, once an answer with status 200 has begun; they end when the
   *   server ends the answer. Leaving the loop closes the connection.
   * @throws {KubernetesError}, also while the bytes come.
   */
  watch(path: string, options?: WatchOptions): Promise<AsyncIterable<Buffer>>;
  /** Closes idle connections and ends the requests that are under way. */
  close(): void;
}

export interface GetJsonOptions extends RequestLimits {
  /** Media types; `application/json` by default. */
  readonly accept?: string | undefined;
  readonly query?: URLSearchParams | undefined;
}

/** Here `timeoutMs` is for the beginning of the answer. */
export interface WatchOptions extends GetJsonOptions, AnswerStreamLimits {}

export interface RequestLimits {
  readonly signal?: AbortSignal | undefined;
  /** For everything: waiting for the rate limit, credentials, connection and the whole answer. */
  readonly timeoutMs?: number | undefined;
}

export interface JsonAnswer {
  readonly body: unknown;
  /** As sent, parameters included; empty when there was none. */
  readonly contentType: string;
}

export interface KubernetesClientOptions {
  readonly credentials: CredentialsSource;
  readonly limiter: RateLimiter;
  readonly userAgent: string;
  readonly timeoutMs: number;
  /** Size of an answer, decompressed, above which it is refused. */
  readonly maxAnswerBytes: number;
}

/** How much of an answer is read to learn why there is no watch. */
const MAX_EXPLANATION_BYTES = 16 * 1024;

/** A client over HTTP with connections that are kept open. */
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
        { method: 'GET', path, query: request.query, accept: request.accept, goesOn: true },
        request,
        (what, response) => openStream(what, response, request),
      ),

    close() {
      credentials.close();
    },
  };
}

/** A request before it is known as whom it is sent. */
interface Message {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly accept?: string | undefined;
  /** In JSON. */
  readonly document?: string;
  /** The answer is read while it comes. */
  readonly goesOn?: boolean;
}

async function send(
  { method, path, query, accept, document, goesOn = false }: Message,
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
        // What is compressed as a whole comes late.
        'Accept-Encoding': goesOn ? 'identity' : ACCEPTED_ENCODING,
        'User-Agent': options.userAgent,
        ...credentials.headers,
      },
      ...(document !== undefined && {
        data: document,
        transformRequest: [(text: unknown) => text],
      }),
      httpAgent: credentials.agent,
      httpsAgent: credentials.agent,
      // Else HTTPS_PROXY and NO_PROXY count, as for client-go.
      ...(credentials.proxied ? { proxy: false } : {}),
      // A redirect would carry the credentials to another host.
      maxRedirects: 0,
      responseType: 'stream',
      decompress: false,
      validateStatus: () => true,
      signal,
    });

  try {
    return await attempt();
  } catch (error) {
    if (signal.aborted || !diedIdle(error)) throw error;
    return await attempt();
  }
}

function urlOf(server: string, path: string, query: URLSearchParams | undefined): string {
  const text = query?.toString() ?? '';
  return `${server}${path}${text === '' ? '' : `?${text}`}`;
}

/** The server hung up on an idle connection just when the request was put on it. */
function diedIdle(error: unknown): boolean {
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
  const isAnswered = status === 200 || (method === 'POST' && status === 201);
  if (!isAnswered) throw refusal(what, status, text);
  try {
    const body: unknown = JSON.parse(text);
    return { body, contentType };
  } catch (cause) {
    throw new KubernetesError(
      'bad_answer',
      `${what}: expected JSON, the answer is ${contentType || 'without a type'}${explanation(text)}`,
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
  throw refusal(what, response.status, await readBeginning(body, MAX_EXPLANATION_BYTES));
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

function refusal(what: string, status: number, text: string): KubernetesError {
  const message = `${what}: the API server answered ${status}${explanation(text)}`;
  return new KubernetesError(kindOfStatus(status), message, { status });
}

/** The message of a Status object, else the beginning of whatever it is. */
function explanation(text: string): string {
  const words = statusMessage(text) ?? text.trim();
  if (words === '') return '';
  return `: ${words.length > 300 ? `${words.slice(0, 300)}...` : words}`;
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
  const isGarbage = code.startsWith('HPE_');
  const isCutOff = code.startsWith('Z_');
  const problem = isCutOff
    ? 'the response is incomplete, or not compressed as declared'
    : isGarbage
      ? 'the response is not HTTP'
      : 'the API server cannot be reached';
  return new KubernetesError(
    isGarbage || isCutOff ? 'bad_answer' : 'unreachable',
    `${what}: ${problem}: ${reason}`,
    // An AxiosError itself holds the headers, and so the token.
    { cause: error instanceof AxiosError ? error.cause : error },
  );
}

/** Of an AggregateError, as for a name with several addresses, what went wrong with each. */
function reasonOf(error: unknown): string {
  if (error instanceof AxiosError && error.message === '') return reasonOf(error.cause);
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  return messageOf(error);
}
