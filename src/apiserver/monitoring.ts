import { createBoundedLabel, OTHER } from '../telemetry/bounded-label.ts';
import { ANY_VALUE, type MetricsRegistry } from '../telemetry/registry.ts';
import type {
  AuthenticationMethod,
  AuthenticationOutcome,
} from './authentication/authenticator.ts';
import type { AuthorizationOutcome } from './authorization/authorizer.ts';
import type { CloseReason } from './connections/close-reason.ts';
import type { SlotRejection } from './flow-control/fair-slots.ts';
import type { RequestPool } from './flow-control/request-pools.ts';
import type { ReviewedPool } from './flow-control/review-queue.ts';
import { REQUEST_VERBS } from './http/request-info.ts';

/** Metrics of the API server. */
export interface ApiserverMetrics
  extends RequestMetrics,
    AccessMetrics,
    ConnectionMetrics,
    FlowControlMetrics {}

export function createApiserverMetrics(registry: MetricsRegistry): ApiserverMetrics {
  return {
    ...requestMetrics(registry),
    ...accessMetrics(registry),
    ...connectionMetrics(registry),
    ...flowControlMetrics(registry),
  };
}

/** A request, once it is answered. */
export interface CountedRequest {
  /** The verb of Kubernetes, e.g. `get` or `list`. */
  readonly verb: string;
  /**
   * The API group if it is served; undefined if it is not. Empty for requests for no resource, such as
   * `/healthz`.
   */
  readonly group: string | undefined;
  /**
   * `resource.group` as in discovery, e.g. `pods` or `deployments.apps`; empty if there is none. A
   * resource becomes a label value only once a request for it has succeeded, so that clients cannot
   * create series.
   */
  readonly resource: string;
  /** The HTTP status of the response. */
  readonly code: number;
}

interface RequestMetrics {
  /**
   * A request has arrived.
   *
   * @returns to be called once, when it is answered or was aborted
   */
  apiRequestStarted(): (request: CountedRequest) => void;
}

const MAX_GROUPS = 20;
const MAX_RESOURCES = 100;

function requestMetrics(registry: MetricsRegistry): RequestMetrics {
  const requests = registry.counter({
    name: 'api_requests_total',
    help: 'Answered API requests.',
    labels: { verb: ANY_VALUE, group: ANY_VALUE, resource: ANY_VALUE, code: ANY_VALUE },
  });
  const duration = registry.histogram({
    name: 'api_request_duration_seconds',
    help: 'Duration of API requests.',
    labels: { verb: ANY_VALUE, group: ANY_VALUE, resource: ANY_VALUE },
  });
  const inFlight = registry.gauge({
    name: 'api_requests_in_flight',
    help: 'API requests in progress.',
  });
  const boundedGroup = createBoundedLabel(MAX_GROUPS);
  const groupLabel = (group: string | undefined): string =>
    group === '' ? '' : boundedGroup(group ?? '', group !== undefined);
  const boundedResource = createBoundedLabel(MAX_RESOURCES);
  // The API ignores the case of resources, and so must the label.
  const resourceLabel = ({ resource, code }: CountedRequest): string =>
    resource && boundedResource(resource.toLowerCase(), isSuccess(code));
  return {
    apiRequestStarted: () => {
      const startedAt = performance.now();
      inFlight.inc();
      let isOver = false;
      return (request) => {
        if (isOver) return;
        isOver = true;
        const labels = {
          verb: REQUEST_VERBS.has(request.verb) ? request.verb : OTHER,
          group: groupLabel(request.group),
          resource: resourceLabel(request),
        };
        inFlight.dec();
        requests.inc({ ...labels, code: codeLabel(request.code) });
        duration.observe(labels, (performance.now() - startedAt) / 1000);
      };
    },
  };
}

function isSuccess(code: number): boolean {
  return code >= 200 && code < 300;
}

function codeLabel(code: number): string {
  return Number.isInteger(code) && code >= 100 && code <= 599 ? String(code) : OTHER;
}

interface AccessMetrics {
  authenticated(method: AuthenticationMethod, outcome: AuthenticationOutcome): void;
  authorized(outcome: AuthorizationOutcome): void;
}

const METHODS = [
  'front_proxy',
  'client_certificate',
  'token',
  'anonymous',
  'none',
] as const satisfies readonly AuthenticationMethod[];
const AUTHENTICATION_OUTCOMES = [
  'success',
  'refused',
  'error',
] as const satisfies readonly AuthenticationOutcome[];
const AUTHORIZATION_OUTCOMES = [
  'allowed',
  'denied',
  'error',
] as const satisfies readonly AuthorizationOutcome[];

function accessMetrics(registry: MetricsRegistry): AccessMetrics {
  const authentications = registry.counter({
    name: 'authentications_total',
    help: 'Authenticated and rejected API requests, by authentication method and outcome.',
    labels: { method: METHODS, outcome: AUTHENTICATION_OUTCOMES },
  });
  const authorizations = registry.counter({
    name: 'authorizations_total',
    help: 'Authorization decisions about API requests, by outcome.',
    labels: { outcome: AUTHORIZATION_OUTCOMES },
  });
  return {
    authenticated: (method, outcome) => authentications.inc({ method, outcome }),
    authorized: (outcome) => authorizations.inc({ outcome }),
  };
}

interface ConnectionMetrics {
  /** The number of open connections. */
  connectionsOpen(count: number): void;
  connectionClosed(reason: CloseReason): void;
  /** @param read returns the unsent bytes of responses; called when the metrics are collected */
  unsentBytesFrom(read: () => number): void;
}

const CLOSE_REASONS = [
  'connection_limit',
  'address_limit',
  'unsent_limit',
  'stalled',
  'pipeline_limit',
  'plain_http',
  'shutdown',
] as const satisfies readonly CloseReason[];

function connectionMetrics(registry: MetricsRegistry): ConnectionMetrics {
  const open = registry.gauge({ name: 'connections', help: 'Open client connections.' });
  const closed = registry.counter({
    name: 'connections_closed_total',
    help: 'Connections that the adapter closed or rejected, and requests of the front proxy that it cancelled, by reason.',
    labels: { reason: CLOSE_REASONS },
  });
  let unsentBytes = (): number => 0;
  registry.collectedGauge(
    {
      name: 'unsent_response_bytes',
      help: 'Bytes of responses that clients have not read yet.',
    },
    () => unsentBytes(),
  );
  return {
    connectionsOpen: (count) => open.set(count),
    connectionClosed: (reason) => closed.inc({ reason }),
    unsentBytesFrom: (read) => {
      unsentBytes = read;
    },
  };
}

interface FlowControlMetrics {
  /** The number of requests of a pool in flight. */
  requestsInFlight(pool: RequestPool, count: number): void;
  /** A request was rejected by its pool. */
  requestRejected(pool: RequestPool, reason: SlotRejection): void;
  /** The number of reviews in flight and in the queue. */
  reviewsChanged(
    pool: ReviewedPool,
    now: { readonly running: number; readonly waiting: number },
  ): void;
  /** A review was rejected because it could not be queued. */
  reviewRejected(pool: ReviewedPool, reason: SlotRejection): void;
}

const POOLS = [
  'front_proxy',
  'authenticated',
  'unproven',
  'everyone',
] as const satisfies readonly RequestPool[];
const REVIEWED_POOLS = ['front_proxy', 'unproven'] as const satisfies readonly ReviewedPool[];
const REJECTION_REASONS = ['full', 'flow_limit'] as const satisfies readonly SlotRejection[];

function flowControlMetrics(registry: MetricsRegistry): FlowControlMetrics {
  const inFlight = registry.gauge({
    name: 'flow_control_requests_in_flight',
    help: 'API requests in flight, by pool.',
    labels: { pool: POOLS },
  });
  const rejected = registry.counter({
    name: 'flow_control_requests_rejected_total',
    help: 'API requests rejected with 429, by pool and by reason: the pool was full, or the user had reached its share.',
    labels: { pool: POOLS, reason: REJECTION_REASONS },
  });
  const running = registry.gauge({
    name: 'flow_control_reviews_in_flight',
    help: 'TokenReviews and SubjectAccessReviews in flight.',
    labels: { pool: REVIEWED_POOLS },
  });
  const waiting = registry.gauge({
    name: 'flow_control_reviews_waiting',
    help: 'TokenReviews and SubjectAccessReviews waiting to be sent.',
    labels: { pool: REVIEWED_POOLS },
  });
  const reviewsRejected = registry.counter({
    name: 'flow_control_reviews_rejected_total',
    help: 'TokenReviews and SubjectAccessReviews rejected because the queue was full or the user had reached its share; their requests returned 429.',
    labels: { pool: REVIEWED_POOLS, reason: REJECTION_REASONS },
  });
  return {
    requestsInFlight: (pool, count) => inFlight.set({ pool }, count),
    requestRejected: (pool, reason) => rejected.inc({ pool, reason }),
    reviewsChanged(pool, now) {
      running.set({ pool }, now.running);
      waiting.set({ pool }, now.waiting);
    },
    reviewRejected: (pool, reason) => reviewsRejected.inc({ pool, reason }),
  };
}
