import type { TableAnswer } from '../representation/table.ts';
import { type Status, serviceUnavailable } from '../status.ts';
import type { ApiPath } from './api-path.ts';
import type { ApiTypes } from './api-type.ts';

/**
 * An API that the server serves at `/apis/<group>`. The server authenticates and authorizes its
 * requests, describes it in the discovery and OpenAPI documents, and encodes its objects.
 *
 * @typeParam Context additional data of a request for the API; see
 *   {@link RequestObserver}
 */
export interface ApiRegistration<Context> {
  readonly group: ApiGroup;
  /** Its kinds, and the types that they refer to, except those of the server. */
  readonly types: ApiTypes;
  /** The paths below `/apis/<group>/<version>`, for OpenAPI. */
  paths(version: string): readonly ApiPath[];
  /** The resources in discovery: the same array until they change. */
  resources(version: string): readonly ApiResource[];
  /** Media types in addition to those of API objects, listed in a Status 406. */
  readonly alsoProduces: readonly string[];
  /**
   * The API object for a request, of a kind in `types`. For a kind with columns, the answer is a
   * {@link TableAnswer}, which the server converts to a Table if the client requests that. Rejects with a
   * StatusError, or with an error that {@link ApiRegistration.statusOf} maps.
   */
  get(request: ApiRequest<Context>): Promise<object | TableAnswer>;
  /** The Status of an error of {@link ApiRegistration.get}; undefined for an error that is not its own. */
  statusOf(error: unknown): Status | undefined;
}

/** An API group of this server and its versions, the preferred one first. */
export interface ApiGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

/** metav1.APIResource. */
export interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** A GET request below `/apis/<group>/<version>/`. */
export interface ApiRequest<Context> {
  readonly version: string;
  /** The path after the version, never empty. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** Aborted when the client has disconnected, or on timeout. */
  readonly signal: AbortSignal;
  /** What counts as one client; undefined if users are not authenticated. */
  readonly flow: string | undefined;
  readonly context: Context;
}

/**
 * Short: Kubernetes clients wait this long and retry up to ten times, which blocks an autoscaler.
 */
const RETRY_AFTER_SECONDS = 1;

/**
 * An API that responds with 503 while it is unavailable. A 404 would mean that the object does not exist. Its
 * discovery documents are still served: without them the API server treats the whole API as broken.
 *
 * @param reason why the API is unavailable, for clients; undefined if it is available
 */
export function unavailableWhile<Context>(
  reason: () => string | undefined,
  api: ApiRegistration<Context>,
): ApiRegistration<Context> {
  return {
    ...api,
    async get(request) {
      const why = reason();
      if (why !== undefined) throw serviceUnavailable(why, RETRY_AFTER_SECONDS);
      return api.get(request);
    },
  };
}
