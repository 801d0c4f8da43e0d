import { ClientRequest } from 'node:http';
import axios, { AxiosError, type AxiosResponse } from 'axios';
import type { Credentials, CredentialsSource } from './credentials.ts';
import { KubernetesError, kindOfStatus } from './kubernetes-error.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** Reads documents from the Kubernetes API. */
export interface KubernetesRequester {
  /**
   * @param path absolute and already percent-encoded, e.g. `/api/v1/nodes`; without a query.
   * @returns the parsed body of an answer with status 200.
   * @throws {KubernetesError}
   */
  getJson(path: string, options?: GetJsonOptions): Promise<JsonAnswer>;
  /** Closes idle connections and ends the requests that are under way. */
  close(): void;
}

export interface GetJsonOptions {
  /** Media types; `application/json` by default. */
  readonly accept?: string | undefined;
  readonly query?: URLSearchParams | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For everything: waiting for the rate limit, credentials, connection and the whole answer. */
  readonly timeoutMs?: number | undefined;
}

export interface JsonAnswer {
  readonly body: unknown;
  /** As sent, parameters included; empty when there was none. */
  readonly contentType: string;
}

export interface RequesterOptions {
  readonly credentials: CredentialsSource;
  readonly limiter: RateLimiter;
  readonly userAgent: string;
  readonly timeoutMs: number;
  /** Size of an answer, decompressed, above which it is refused. */
  readonly maxAnswerBytes: number;
}

/** A requester over HTTP with connections that are kept open. */
export function createRequester(options: RequesterOptions): KubernetesRequester {
  const { credentials, limiter } = options;

  return {
    async getJson(path, request = {}) {
      const deadline = startDeadline(request.timeoutMs ?? options.timeoutMs, request.signal);
      const what = `GET ${path}`;
      try {
        await limiter.acquire(deadline.signal);
        const used = await orAborted(credentials.current(), deadline.signal);
        let response = await send(path, request, used, options, deadline.signal);
        if (response.status === 401) {
          const renewed = await orAborted(credentials.renewed(used), deadline.signal);
          if (renewed !== undefined) {
            response = await send(path, request, renewed, options, deadline.signal);
          }
        }
        return readAnswer(what, response);
      } catch (error) {
        throw toKubernetesError(what, error, deadline, options);
      } finally {
        deadline.end();
      }
    },

    close() {
      credentials.close();
    },
  };
}

async function send(
  path: string,
  request: GetJsonOptions,
  credentials: Credentials,
  options: RequesterOptions,
  signal: AbortSignal,
): Promise<AxiosResponse<unknown>> {
  const attempt = (): Promise<AxiosResponse<unknown>> =>
    axios.request<unknown>({
      method: 'GET',
      url: urlOf(credentials.server, path, request.query),
      headers: {
        Accept: request.accept ?? 'application/json',
        'Accept-Encoding': 'gzip',
        'User-Agent': options.userAgent,
        ...credentials.headers,
      },
      httpAgent: credentials.agent,
      httpsAgent: credentials.agent,
      // Else HTTPS_PROXY and NO_PROXY count, as for client-go.
      ...(credentials.proxied ? { proxy: false } : {}),
      // A redirect would carry the credentials to another host.
      maxRedirects: 0,
      maxContentLength: options.maxAnswerBytes,
      responseType: 'text',
      transformResponse: [(text: unknown) => text],
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

function readAnswer(what: string, response: AxiosResponse<unknown>): JsonAnswer {
  const { status, headers, data } = response;
  const contentType = String(headers['content-type'] ?? '');
  const text = typeof data === 'string' ? data : '';
  if (status !== 200) {
    throw new KubernetesError(
      kindOfStatus(status),
      `${what}: the API server answered ${status}${explanation(text)}`,
      { status },
    );
  }
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

function toKubernetesError(
  what: string,
  error: unknown,
  deadline: Deadline,
  { maxAnswerBytes }: RequesterOptions,
): KubernetesError {
  if (deadline.ended === 'canceled') return new KubernetesError('canceled', `${what}: canceled`);
  if (deadline.ended === 'timeout') {
    const message = `${what}: no complete answer within ${deadline.timeoutMs} ms`;
    return new KubernetesError('timeout', message);
  }
  if (error instanceof KubernetesError) return error;
  const reason = reasonOf(error);
  if (reason.startsWith('maxContentLength')) {
    const message = `${what}: the answer is larger than ${maxAnswerBytes} bytes`;
    return new KubernetesError('bad_answer', message);
  }
  const isGarbage = error instanceof AxiosError && /^(HPE_|Z_)/.test(error.code ?? '');
  return new KubernetesError(
    isGarbage ? 'bad_answer' : 'unreachable',
    `${what}: ${isGarbage ? 'the answer is not HTTP' : 'the API server cannot be reached'}: ${reason}`,
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
  return error instanceof Error ? error.message : String(error);
}

/** A time limit together with the caller's own signal. */
interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Why the signal has aborted. */
  readonly ended: 'timeout' | 'canceled' | undefined;
  end(): void;
}

function startDeadline(timeoutMs: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let ended: Deadline['ended'];
  const abort = (why: 'timeout' | 'canceled'): void => {
    ended ??= why;
    controller.abort();
  };
  const onCancel = (): void => abort('canceled');
  const timer = setTimeout(() => abort('timeout'), timeoutMs);
  if (caller?.aborted) onCancel();
  else caller?.addEventListener('abort', onCancel, { once: true });

  return {
    signal: controller.signal,
    timeoutMs,
    get ended() {
      return ended;
    },
    end() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onCancel);
    },
  };
}

/** A promise that is not waited for any longer than the signal allows. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
