import { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { type Answer, objectAnswer } from './answer.ts';
import { auditId } from './audit-id.ts';
import type { UserInfo } from './authentication/user-info.ts';
import type { RequestAccess } from './authorization/request-access.ts';
import { requestedTimeout, withDeadline } from './deadline.ts';
import { type HealthCheck, healthPaths } from './health.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type RequestHandler,
  requestOrigin,
} from './http-exchange.ts';
import { type InFlight, limitInFlight } from './in-flight.ts';
import type { MetricsApi } from './metrics-api.ts';
import { negotiateError } from './negotiation.ts';
import { isPretty } from './pretty-print.ts';
import { dropBody } from './request-body.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { collectQueries, type RequestQueries, type RequestQuery } from './request-queries.ts';
import { parseRequestUrl } from './request-url.ts';
import { respond } from './respond.ts';
import { createRoutes, type Routes } from './routes.ts';
import { retryAfterOf, statusOf, tooManyRequests } from './status.ts';

/** A request that has been answered, for the log and the adapter's own metrics. */
export interface AnsweredRequest {
  readonly method: string;
  /** The target as it came. */
  readonly target: string;
  /** Undefined where the target could not be read. */
  readonly info: RequestInfo | undefined;
  /** Undefined where it could not be found out. */
  readonly user: UserInfo | undefined;
  /** 499 where the client had gone before the answer was out. */
  readonly code: number;
  readonly durationSeconds: number;
  /** What Prometheus was to be asked for it, in order. */
  readonly queries: readonly RequestQuery[];
  /** Where the answer is an error: why. */
  readonly error: unknown;
}

export interface AppDependencies {
  /** The APIs that are served now. */
  readonly apis: () => readonly MetricsApi[];
  /** Who asks, and whether they may. */
  readonly access: RequestAccess;
  readonly liveness: readonly HealthCheck[];
  readonly readiness: readonly HealthCheck[];
  /** The adapter's own metrics, in Prometheus's text format. */
  readonly ownMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
  readonly limits: RequestLimits;
  /** Whether the server is about to end: its clients are to look for another one. */
  readonly isEnding: () => boolean;
  /** Told of every request when it comes; what it returns is told how it was answered. */
  readonly onRequest: () => (request: AnsweredRequest) => void;
}

export interface RequestLimits {
  /** How many requests are worked on at once; probes of health do not count. 0: any number. */
  readonly inFlight: number;
  /** How long a request may take, in milliseconds. 0: any time. */
  readonly timeout: number;
}

/**
 * The HTTP side of the adapter. HTTP/1.1 goes through express. HTTP/2 does not: express gives a
 * request the prototype of HTTP/1.1's, which breaks those of HTTP/2.
 */
export function createApp(dependencies: AppDependencies): RequestHandler {
  const serve = createPipeline(dependencies);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(serve);
  return (request, response) => {
    const isHttp1 = request instanceof IncomingMessage && response instanceof ServerResponse;
    // Express itself answers requests whose target it cannot read: a page, to whoever asks.
    const isPath = request.url?.startsWith('/') ?? false;
    if (isHttp1 && isPath) app(request, response);
    else serve(request, response);
  };
}

/** What is the same for all requests. */
interface Pipeline extends AppDependencies {
  readonly routes: Routes;
  readonly inFlight: InFlight;
  readonly healthPaths: ReadonlySet<string>;
}

function createPipeline(dependencies: AppDependencies): RequestHandler {
  const { liveness, readiness, limits } = dependencies;
  const health = { healthz: liveness, livez: liveness, readyz: [...liveness, ...readiness] };
  const pipeline: Pipeline = {
    ...dependencies,
    routes: createRoutes({ ...dependencies, health }),
    inFlight: limitInFlight(limits.inFlight),
    healthPaths: new Set(healthPaths(health)),
  };
  return (request, response) => void serve(pipeline, request, response);
}

/** What is found out about a request on its way. */
interface Progress {
  info: RequestInfo | undefined;
  user: UserInfo | undefined;
  readonly queries: RequestQueries;
}

/** Answers one request, whatever happens. */
async function serve(
  pipeline: Pipeline,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const begun = performance.now();
  const answered = pipeline.onRequest();
  const { method = '', url: target = '' } = request;
  const progress: Progress = { info: undefined, user: undefined, queries: collectQueries() };
  let error: unknown;
  // HTTP/2 of Node.js says "finished" of a cancelled response too, even before it has an answer.
  const sending = { begun: false, finished: false };
  response.once('finish', () => {
    sending.finished = sending.begun;
  });
  response.once('close', () => {
    const code = sending.finished ? response.statusCode : 499;
    const durationSeconds = (performance.now() - begun) / 1000;
    const queries = progress.queries.list();
    answered({ method, target, ...progress, queries, code, durationSeconds, error });
  });
  try {
    setCommonHeaders(pipeline, request, response);
    const found = await answer(pipeline, request, response, progress);
    sending.begun = true;
    await respond(request, response, found);
  } catch (thrown) {
    error = thrown;
    sending.begun = true;
    // An answer that cannot be sent, as when the client has gone: all that is left is to hang up.
    await sendError(request, response, thrown).catch(() => request.destroy());
  }
}

function setCommonHeaders(
  { isEnding }: Pipeline,
  { headers, httpVersionMajor }: HttpRequest,
  response: HttpResponse,
): void {
  response.setHeader('Audit-Id', auditId(headers['audit-id']));
  response.setHeader('Cache-Control', 'no-cache, private');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  // HTTP/2 has a frame for that.
  if (isEnding() && httpVersionMajor < 2) response.setHeader('Connection', 'close');
}

/** A request's way to its answer: parse, admit, authenticate, authorize, route. */
async function answer(
  { access, healthPaths, inFlight, limits, routes }: Pipeline,
  request: HttpRequest,
  response: HttpResponse,
  progress: Progress,
): Promise<Answer> {
  const { method = '', url: target = '', headers } = request;
  const url = parseRequestUrl(target);
  const info = requestInfo(method, url);
  progress.info = info;
  dropBody(request);
  const timeout = requestedTimeout(url.query, limits.timeout);
  // With a token there is a review to be made: that is work like any other.
  const isProbe = healthPaths.has(url.path) && headers.authorization === undefined;
  const leave = isProbe ? undefined : admit(inFlight, limits);
  return withDeadline(timeout, response, async (signal) => {
    try {
      const user = await access.authenticate(requestOrigin(request));
      progress.user = user;
      await access.authorize(user, info);
      return await routes({ method, url, headers, signal, onQuery: progress.queries.onQuery });
    } finally {
      // Not before, where the client hangs up, and not after, where it does not read its answer.
      leave?.();
    }
  });
}

/** In seconds: whoever is told that there are too many requests tries again after that. */
const RETRY_AFTER = 1;

/**
 * Takes a place, which the function returned gives back; it is lost after the longest time that a
 * request may take, for what then still goes on may never end. Throws a Status 429 where there is
 * none.
 */
function admit(inFlight: InFlight, { timeout }: RequestLimits): () => void {
  const leave = inFlight.enter();
  if (leave === undefined) throw tooManyRequests(RETRY_AFTER);
  const timer = timeout > 0 ? setTimeout(leave, timeout).unref() : undefined;
  return () => {
    clearTimeout(timer);
    leave();
  };
}

async function sendError(
  request: HttpRequest,
  response: HttpResponse,
  error: unknown,
): Promise<void> {
  const status = statusOf(error);
  // What is left of a body that is too long is not waited for.
  if (status.code === 413 && request.httpVersionMajor < 2) {
    response.setHeader('Connection', 'close');
  }
  const retryAfter = retryAfterOf(status);
  if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
  const query = new URLSearchParams(request.url?.split('?')[1] ?? '');
  const mediaType = negotiateError(request.headers.accept);
  const form = { mediaType, pretty: isPretty(request, query) };
  await respond(request, response, objectAnswer(status.code, status, form));
}
