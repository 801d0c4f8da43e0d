import { rememberTexts } from '../../text/text-memo.ts';
import { badRequest } from '../status.ts';

/** The parsed target of a request. */
export interface RequestUrl {
  /** The decoded path. */
  readonly path: string;
  /** The segments of the decoded path, without a single slash at the end. */
  readonly segments: readonly string[];
  /** Shared by all requests for the same target: must not be changed. */
  readonly query: URLSearchParams;
}

/** The authority of an absolute target (RFC 9112, 3.2.2), which is ignored. */
const authority = /^https?:\/\/[^/?]*/i;

/**
 * Parses the target of a request. The path is decoded as a whole before it is split, so an encoded
 * slash is a slash, and it is not normalized: `.` and `..` are names like any others. Throws a
 * Status 400 for a target without a path, and for a path that is not percent-encoded UTF-8.
 *
 * The targets of a thousand autoscalers are cached, in 16 MB at most.
 */
export const parseRequestUrl = rememberTexts(readRequestUrl, { most: 2000, longest: 512 });

function readRequestUrl(target: string): RequestUrl {
  const local = target.replace(authority, '');
  const question = local.indexOf('?');
  const rawPath = question < 0 ? local : local.slice(0, question);
  const path = decode(rawPath);
  if (!path.startsWith('/')) {
    throw badRequest('the target of the request is not valid: expected a path that begins with /');
  }
  const segments = path.split('/').slice(1);
  if (segments.length > 1 && segments.at(-1) === '') segments.pop();
  const query = new URLSearchParams(question < 0 ? '' : local.slice(question + 1));
  return { path, segments, query };
}

function decode(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath);
  } catch {
    throw badRequest('the path of the request is not valid: expected percent-encoded UTF-8');
  }
}

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

/** Derives the attributes from the method and the target, whether or not the path is served. */
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
