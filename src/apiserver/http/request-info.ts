import type { RequestUrl } from './request-url.ts';

/**
 * What a request wants, as Kubernetes authorizes and counts it (RequestInfo of
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

const verbs: ReadonlyMap<string, string> = new Map([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/** Reads a request's target; whether the path is served does not matter. */
export function requestInfo(method: string, { path, segments }: RequestUrl): RequestInfo {
  const [prefix, group = '', version = '', ...rest] = segments;
  if (prefix !== 'apis' || rest.length === 0) {
    return { isResource: false, verb: method.toLowerCase(), path };
  }
  const [namespace, parts] = namespaceOf(rest);
  const [resource = '', name = '', subresource = ''] = parts;
  const verb = verbs.get(method) ?? '';
  return {
    isResource: true,
    verb: name === '' && (verb === 'get' || verb === 'delete') ? onMany[verb] : verb,
    group,
    version,
    namespace,
    resource,
    name,
    subresource,
  };
}

const onMany = { get: 'list', delete: 'deletecollection' } as const;

/** The namespace, and what comes after it; a namespace by itself is a resource like any other. */
function namespaceOf(segments: readonly string[]): readonly [string, readonly string[]] {
  const [first, namespace = ''] = segments;
  if (first !== 'namespaces') return ['', segments];
  return [namespace, segments.length > 2 ? segments.slice(2) : segments];
}
