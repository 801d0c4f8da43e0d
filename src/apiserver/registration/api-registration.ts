import type { TableAnswer } from '../representation/table.ts';
import { type Status, serviceUnavailable } from '../status.ts';
import type { ApiPath } from './api-path.ts';
import type { ApiTypes } from './api-type.ts';

/**
 * An API that the server serves at `/apis/<group>`. The server authenticates and authorizes its
 * requests, describes it in the discovery and OpenAPI documents, and encodes its objects.
 *
 * @typeParam Context what the API needs of a request besides the request itself; see
 *   {@link RequestObserver}
 */
export interface ApiRegistration<Context> {
  readonly group: ApiGroup;
  /** Its kinds, and the types that these refer to and the server does not have. */
  readonly types: ApiTypes;
  /** The paths below `/apis/<group>/<version>`, for OpenAPI. */
  paths(version: string): readonly ApiPath[];
  /** What discovery lists: the same array until that changes. */
  resources(version: string): readonly ApiResource[];
  /** Media types besides those of API objects, which a Status 406 lists. */
  readonly alsoProduces: readonly string[];
  /**
   * The API object for a request, of a kind in `types`. For a kind with columns, the answer is a
   * {@link TableAnswer}, which the server converts to a Table if the client requests that. Rejects with a StatusError, or with an error that {@link ApiRegistration.statusOf} maps.
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
 * Short: Kubernetes clients wait that long and retry up to ten times, and an autoscaler
 * does nothing else meanwhile.
 */
const RETRY_AFTER_SECONDS = 1;

/**
 * An API that cannot answer for some time: 503 rather than a 404, which would say that there is no
 * such object. Its discovery documents are served all the while: without them the API server takes
 * the whole API for broken.
 *
 * @param reason why it cannot answer, for clients; undefined when it can
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
