import { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { type Answer, objectAnswer } from './answer.ts';
import { auditId } from './audit-id.ts';
import type { UserInfo } from './authentication/user-info.ts';
import type { RequestAccess } from './authorization/request-access.ts';
import { requestedTimeout, withDeadline } from './deadline.ts';
import { type HealthCheck, isHealthPath } from './health.ts';
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
import { parseRequestUrl } from './request-url.ts';
import { respond } from './respond.ts';
import { createRoutes, type Routes } from './routes.ts';
import { statusOf, tooManyRequests } from './status.ts';

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
  /** How many requests are served at once; those of health checks do not count. 0: any number. */
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
    if (isHttp1) app(request, response);
    else serve(request, response);
  };
}

/** What is the same for all requests. */
interface Pipeline extends AppDependencies {
  readonly routes: Routes;
  readonly inFlight: InFlight;
}

function createPipeline(dependencies: AppDependencies): RequestHandler {
  const { liveness, readiness, limits } = dependencies;
  const health = { healthz: liveness, livez: liveness, readyz: [...liveness, ...readiness] };
  const pipeline: Pipeline = {
    ...dependencies,
    routes: createRoutes({ ...dependencies, health }),
    inFlight: limitInFlight(limits.inFlight),
  };
  return (request, response) => void serve(pipeline, request, response);
}

/** What is found out about a request on its way. */
interface Progress {
  info: RequestInfo | undefined;
  user: UserInfo | undefined;
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
  const progress: Progress = { info: undefined, user: undefined };
  let error: unknown;
  // HTTP/2 of Node.js says "finished" of a cancelled response too, even before it has an answer.
  const sending = { begun: false, finished: false };
  response.once('finish', () => {
    sending.finished = sending.begun;
  });
  response.once('close', () => {
    const code = sending.finished ? response.statusCode : 499;
    const durationSeconds = (performance.now() - begun) / 1000;
    answered({ method, target, ...progress, code, durationSeconds, error });
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
  { access, inFlight, limits, routes }: Pipeline,
  request: HttpRequest,
  response: HttpResponse,
  progress: Progress,
): Promise<Answer> {
  const { method = '', url: target = '', headers } = request;
  const url = parseRequestUrl(target);
  const info = requestInfo(method, url);
  progress.info = info;
  dropBody(request);
  if (!isHealthPath(url.path)) admit(inFlight, response);
  const timeout = requestedTimeout(url.query, limits.timeout);
  return withDeadline(timeout, response, async (signal) => {
    const user = await access.authenticate(requestOrigin(request));
    progress.user = user;
    await access.authorize(user, info);
    return routes({ method, url, headers, signal });
  });
}

/** In seconds: whoever is told that there are too many requests tries again after that. */
const RETRY_AFTER = 1;

/** Throws a Status 429 where the server has enough to do. */
function admit(inFlight: InFlight, response: HttpResponse): void {
  const leave = inFlight.enter();
  if (leave === undefined) {
    response.setHeader('Retry-After', RETRY_AFTER);
    throw tooManyRequests(RETRY_AFTER);
  }
  response.once('close', leave);
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
  const query = new URLSearchParams(request.url?.split('?')[1] ?? '');
  const mediaType = negotiateError(request.headers.accept);
  const form = { mediaType, pretty: isPretty(request, query) };
  await respond(request, response, objectAnswer(status.code, status, form));
}
