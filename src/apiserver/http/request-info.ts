import type { RequestUrl } from './request-url.ts';

/**
 * The attributes of a request by which Kubernetes authorizes and counts it (RequestInfo of
 * k8s.io/apiserver/pkg/endpoints/request).
 */
export type RequestInfo = ResourceRequestInfo | NonResourceRequestInfo;

export interface NonResourceRequestInfo {
  readonly isResource: false;
  /** The HTTP method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export interface ResourceRequestInfo {
  readonly isResource: true;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  /** Empty for root-scoped resources and for all namespaces. */
  readonly namespace: string;
  /** As written in the path, e.g. `pods` or `deployments.apps`. */
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
}

/** The verbs of requests for a resource, by HTTP method. */
const VERBS: ReadonlyMap<string, string> = new Map([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/** The verbs of requests for all resources of a kind. */
const COLLECTION_VERBS = { get: 'list', delete: 'deletecollection' } as const;

/** All verbs that a request with a known HTTP method can have. */
export const REQUEST_VERBS: ReadonlySet<string> = new Set([
  ...VERBS.values(),
  ...Object.values(COLLECTION_VERBS),
  ...[...VERBS.keys()].map((method) => method.toLowerCase()),
]);

/** Derives them from the target, whether or not the path is served. */
export function requestInfo(method: string, { path, segments }: RequestUrl): RequestInfo {
  const [prefix, group = '', version = '', ...rest] = segments;
  if (prefix !== 'apis' || rest.length === 0) {
    return { isResource: false, verb: method.toLowerCase(), path };
  }
  const [namespace, parts] = namespaceOf(rest);
  const [resource = '', name = '', subresource = ''] = parts;
  const verb = VERBS.get(method) ?? '';
  return {
    isResource: true,
    verb: name === '' && (verb === 'get' || verb === 'delete') ? COLLECTION_VERBS[verb] : verb,
    group,
    version,
    namespace,
    resource,
    name,
    subresource,
  };
}

/** The namespace and the rest of the path; `namespaces/<name>` is a resource like any other. */
function namespaceOf(segments: readonly string[]): readonly [string, readonly string[]] {
  const [first, namespace = ''] = segments;
  if (first !== 'namespaces') return ['', segments];
  return [namespace, segments.length > 2 ? segments.slice(2) : segments];
}
