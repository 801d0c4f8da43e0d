import { randomUUID } from 'node:crypto';
import express from 'express';
import type { UserInfo } from './authentication/user-info.ts';
import type { RequestAccess } from './authorization/request-access.ts';
import type { Connection } from './connections/connection.ts';
import type { RequestPools, RequestSlot } from './flow-control/request-pools.ts';
import { type HealthCheck, healthPaths } from './health.ts';
import {
  type AnswerHeaders,
  discardBody,
  type ExchangeHandler,
  type HttpExchange,
  type RequestOrigin,
} from './http/http-exchange.ts';
import { Http1Exchange } from './http/http1-exchange.ts';
import { Http2Exchange } from './http/http2-exchange.ts';
import { requestedTimeout, withDeadline } from './http/request-deadline.ts';
import { parseRequestUrl, type RequestInfo, requestInfo } from './http/request-info.ts';
import { respond } from './http/respond.ts';
import type { RequestListeners } from './http/server.ts';
import type { ApiRegistration } from './registration/api-registration.ts';
import { type Answer, objectAnswer } from './representation/answer.ts';
import { isPretty, negotiateError } from './representation/negotiation.ts';
import { createRoutes, type Routes } from './routes.ts';
import { ApiError, retryAfterOf, statusOf } from './status.ts';

/** A request that has been answered, for the log and the metrics of this program. */
export interface AnsweredRequest {
  readonly method: string;
  /** The request target, unchanged. */
  readonly target: string;
  /** Undefined if the target could not be parsed. */
  readonly info: RequestInfo | undefined;
  /** The API group of a request for a resource, if it is served. */
  readonly servedGroup: string | undefined;
  /** Undefined if the request was not authenticated. */
  readonly user: UserInfo | undefined;
  /** 499 if the client disconnected before the answer was sent. */
  readonly code: number;
  readonly durationSeconds: number;
  /** Why the request failed; undefined if it did not. */
  readonly error: unknown;
}

/** Observes one request. */
export interface RequestObserver<Context> {
  /** Passed to the API that serves the request. */
  readonly context: Context;
  /** Called once. */
  readonly onAnswered: (request: AnsweredRequest) => void;
}

export interface AppDependencies<Context> {
  /** The APIs that are served now. */
  readonly apis: () => readonly ApiRegistration<Context>[];
  /** Authentication and authorization. */
  readonly access: RequestAccess;
  readonly liveness: readonly HealthCheck[];
  readonly readiness: readonly HealthCheck[];
  /** The metrics of this program, in the Prometheus text format. */
  readonly ownMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
  /** How many requests are served at the same time. */
  readonly pools: RequestPools;
  /** How long a request may take. 0: no limit. */
  readonly requestTimeoutMs: number;
  /** Whether the server is shutting down. Its connections are then closed with the next answer. */
  readonly isShuttingDown: () => boolean;
  /** Called when a request arrives. */
  readonly onRequest: () => RequestObserver<Context>;
}

/**
 * The request pipeline. HTTP/1.1 goes through express. HTTP/2 does not: express gives a request the
 * prototype of HTTP/1.1's, which breaks those of HTTP/2.
 */
export function createApp<Context>(dependencies: AppDependencies<Context>): RequestListeners {
  const serve = createPipeline(dependencies);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Express calls the handler synchronously, so the map has at most one entry.
  const connections = new Map<object, Connection>();
  app.use((request, response) => {
    const connection = connections.get(request);
    if (connection !== undefined) serve(new Http1Exchange(request, response, connection));
  });
  return {
    onHttp1(request, response, connection) {
      // Express responds with an HTML page if it cannot parse the target.
      if (!request.url?.startsWith('/')) {
        serve(new Http1Exchange(request, response, connection));
        return;
      }
      connections.set(request, connection);
      app(request, response);
      connections.delete(request);
    },
    onHttp2: (stream, headers, rawHeaders, open) =>
      serve(new Http2Exchange(stream, headers, rawHeaders, open)),
  };
}

/** The parts that are the same for all requests. */
interface Pipeline<Context> extends AppDependencies<Context> {
  readonly routes: Routes<Context>;
  readonly healthPaths: ReadonlySet<string>;
}

function createPipeline<Context>(dependencies: AppDependencies<Context>): ExchangeHandler {
  const { liveness, readiness } = dependencies;
  const health = { healthz: liveness, livez: liveness, readyz: [...liveness, ...readiness] };
  const pipeline: Pipeline<Context> = {
    ...dependencies,
    routes: createRoutes({ ...dependencies, health }),
    healthPaths: new Set(healthPaths(health)),
  };
  return (exchange) => void serve(pipeline, exchange);
}

/** The results of the pipeline so far, for the log and the metrics. */
interface Progress {
  info: RequestInfo | undefined;
  user: UserInfo | undefined;
}

/** Answers one request, with a Status if anything fails. */
async function serve<Context>(pipeline: Pipeline<Context>, exchange: HttpExchange): Promise<void> {
  const startedMs = performance.now();
  const { context, onAnswered } = pipeline.onRequest();
  const { method, target } = exchange;
  const progress: Progress = { info: undefined, user: undefined };
  const common = commonHeaders(pipeline, exchange);
  let error: unknown;
  exchange.open.onClose(() => {
    const code = exchange.isSent ? exchange.code : 499;
    const durationSeconds = (performance.now() - startedMs) / 1000;
    const servedGroup = servedGroupOf(pipeline, progress.info);
    onAnswered({ method, target, ...progress, servedGroup, code, durationSeconds, error });
  });
  try {
    await respond(exchange, await answer(pipeline, exchange, context, progress), common);
  } catch (thrown) {
    error = thrown instanceof ApiError ? thrown.error : thrown;
    // An answer cannot be sent, for example, if the client has disconnected.
    await sendError(exchange, thrown, common).catch(() => exchange.abort());
  }
}

function servedGroupOf(
  { apis }: Pick<AppDependencies<unknown>, 'apis'>,
  info: RequestInfo | undefined,
): string | undefined {
  if (!info?.isResource) return undefined;
  return apis().find(({ group }) => group.name === info.group)?.group.name;
}

function commonHeaders(
  { isShuttingDown }: Pick<AppDependencies<unknown>, 'isShuttingDown'>,
  { headers, protocol }: HttpExchange,
): AnswerHeaders {
  return {
    'Audit-Id': auditId(headers['audit-id']),
    'Cache-Control': 'no-cache, private',
    'X-Content-Type-Options': 'nosniff',
    // HTTP/2 has the frame GOAWAY.
    ...(isShuttingDown() && protocol === 'HTTP/1.1' && { Connection: 'close' }),
  };
}

/**
 * The id of a request in the logs of all servers that handle it: the value of the header if it is safe to
 * log, otherwise a new id.
 *
 * @param header the header Audit-Id
 */
function auditId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:/+=-]{1,64}$/.test(header) ? header : randomUUID();
}

/** The steps of a request: parse, authenticate, authorize, take an in-flight slot, route. */
async function answer<Context>(
  pipeline: Pipeline<Context>,
  exchange: HttpExchange,
  context: Context,
  progress: Progress,
): Promise<Answer> {
  const { access, healthPaths, routes, requestTimeoutMs } = pipeline;
  const { method, target, headers } = exchange;
  const url = parseRequestUrl(target);
  const info = requestInfo(method, url);
  progress.info = info;
  discardBody(exchange);
  const timeout = requestedTimeout(url.query, requestTimeoutMs);
  const origin = exchange.origin();
  const slot = openSlot(pipeline, origin);
  return withDeadline(timeout, exchange, async (signal) => {
    try {
      const identity = await access.authenticate(origin, slot.unidentified(signal));
      const { user } = identity;
      progress.user = user;
      if (identity.method === 'front_proxy') exchange.open.connection.markFrontProxy();
      await access.authorize(user, info, slot.identified(identity, signal));
      // Health checks are served under any load, unless they have to wait for a review.
      if (!healthPaths.has(url.path)) slot.take(identity);
      const flow = slot.flowOf(identity);
      const holdMemory = (bytes: number) => exchange.open.holdMemory(bytes);
      return await routes({ method, url, headers, signal, flow, context, holdMemory });
    } finally {
      // Called after the kernel has taken the response, or the client has disconnected.
      exchange.open.onSent(() => slot.release());
    }
  });
}

/**
 * The in-flight slot of a new request. It is released after the request timeout, since work that is
 * still running then may never end.
 */
function openSlot(
  { pools, requestTimeoutMs }: Pick<AppDependencies<unknown>, 'pools' | 'requestTimeoutMs'>,
  { socket }: RequestOrigin,
): RequestSlot {
  const slot = pools.open(socket?.remoteAddress);
  if (requestTimeoutMs === 0) return slot;
  const timer = setTimeout(() => slot.release(), requestTimeoutMs).unref();
  return {
    ...slot,
    release() {
      clearTimeout(timer);
      slot.release();
    },
  };
}

async function sendError(
  exchange: HttpExchange,
  error: unknown,
  common: AnswerHeaders,
): Promise<void> {
  const { headers, protocol, target } = exchange;
  const status = statusOf(error);
  // Do not wait for the rest of a body that is too long.
  const isCut = status.code === 413 && protocol === 'HTTP/1.1';
  const retryAfter = retryAfterOf(status);
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  const form = { mediaType: negotiateError(headers.accept), pretty: isPretty({ headers }, query) };
  await respond(exchange, objectAnswer(status.code, status, form), {
    ...common,
    ...(isCut && { Connection: 'close' }),
    ...(retryAfter !== undefined && { 'Retry-After': retryAfter }),
  });
}
