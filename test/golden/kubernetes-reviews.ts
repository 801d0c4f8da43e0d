import { Ajv } from 'ajv';

/** A TokenReview or a SubjectAccessReview, as far as it matters. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly user?: string;
    readonly groups?: readonly string[];
    readonly token?: string;
    readonly resourceAttributes?: { readonly namespace?: string };
    readonly nonResourceAttributes?: { readonly path: string; readonly verb: string };
  };
}

const isReview = new Ajv({ strict: true }).compile<Review>({
  type: 'object',
  required: ['apiVersion', 'kind', 'spec'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    spec: {
      type: 'object',
      properties: {
        token: { type: 'string' },
        user: { type: 'string' },
        groups: { type: 'array', items: { type: 'string' } },
        resourceAttributes: {
          type: 'object',
          properties: { namespace: { type: 'string' } },
        },
        nonResourceAttributes: {
          type: 'object',
          required: ['path', 'verb'],
          properties: { path: { type: 'string' }, verb: { type: 'string' } },
        },
      },
    },
  },
});

export const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
export const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/**
 * Answers a review as an API server without bearer tokens, and with the roles of every cluster only:
 * system:public-info-viewer for all users and system:discovery for authenticated ones (kubernetes.io/docs/reference/access-authn-authz/rbac).
 *
 * @returns undefined where the path is no place for reviews.
 * @throws Error where the document is no review.
 */
export function reviewAnswer(path: string, document: unknown): object | undefined {
  if (path === TOKEN_REVIEWS) {
    return { ...parseReview(document, 'TokenReview'), status: { error: 'invalid bearer token' } };
  }
  if (path === ACCESS_REVIEWS) {
    const review = parseReview(document, 'SubjectAccessReview');
    return { ...review, status: { allowed: isAllowed(review) } };
  }
  return undefined;
}

/** @throws Error where the document is no review of this kind. */
export function parseReview(document: unknown, kind: string): Review {
  if (isReview(document) && document.kind === kind) return document;
  throw new Error(`not a ${kind}: ${JSON.stringify(isReview.errors?.[0] ?? document)}`);
}

const publicPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const discoveryPaths = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];

function isAllowed({ spec: { groups = [], nonResourceAttributes } }: Review): boolean {
  if (nonResourceAttributes?.verb !== 'get') return false;
  const isAuthenticated = groups.includes('system:authenticated');
  const patterns = [...publicPaths, ...(isAuthenticated ? discoveryPaths : [])];
  return patterns.some((pattern) => matches(pattern, nonResourceAttributes.path));
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
