import type { KubernetesClient } from '../client/client.ts';
import { fieldOf } from '../field.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { createReviewCache, type WaitingCaller } from './review-cache.ts';

/** UserInfo of authentication.k8s.io/v1. */
export interface ReviewedUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** ResourceAttributes or NonResourceAttributes of authorization.k8s.io/v1. */
export type ReviewedRequest =
  | {
      readonly isResource: true;
      readonly verb: string;
      readonly group: string;
      readonly version: string;
      readonly namespace: string;
      readonly resource: string;
      readonly name: string;
      readonly subresource: string;
    }
  | { readonly isResource: false; readonly verb: string; readonly path: string };

export interface AccessReview {
  readonly allowed: boolean;
  /** From the API server; may be empty. */
  readonly reason: string;
}

/**
 * The user of a token according to a TokenReview; undefined if it is not valid. Throws {@link
 * KubernetesError}, or the error with which the queue rejects the review.
 */
export type TokenReviewer = (
  token: string,
  caller: ReviewCaller,
) => Promise<ReviewedUser | undefined>;

/**
 * Whether a user is allowed to do something, according to a SubjectAccessReview. Throws {@link
 * KubernetesError}, or the error with which the queue rejects the review.
 */
export type AccessReviewer = (
  user: ReviewedUser,
  request: ReviewedRequest,
  caller: ReviewCaller,
) => Promise<AccessReview>;

/** A request that a review is made for. */
export interface ReviewCaller extends WaitingCaller {
  /** Flows of a pool are served round-robin. */
  readonly flow: string;
}

/** Limits the number of concurrent reviews. */
export interface ReviewQueue {
  /**
   * Waits until the review of a caller may be sent.
   *
   * @param signal ends the wait: rejects with its reason
   * @returns a function to be called when the review has ended
   */
  enter(caller: ReviewCaller, signal: AbortSignal): Promise<() => void>;
}

/** Sends reviews to the API server. */
export interface ReviewSender {
  readonly client: KubernetesClient;
  readonly queue: ReviewQueue;
}

/** The cache size of Kubernetes' own servers. */
const MAX_CACHED_REVIEWS = 8192;

const REVIEW_TIMEOUT_MS = 10_000;

const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/**
 * Reviews tokens (TokenReview).
 *
 * @param ttlMs the TTL of cached answers, valid or not
 */
export function createTokenReviewer(sender: ReviewSender, ttlMs: number): TokenReviewer {
  const cache = createReviewCache<ReviewedUser | undefined>({
    ttlMs: () => ttlMs,
    maxEntries: MAX_CACHED_REVIEWS,
    secret: true,
  });
  return (token, caller) => {
    const ask = async (signal: AbortSignal): Promise<ReviewedUser | undefined> => {
      const review = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token },
      };
      const status = await sendReview(sender, TOKEN_REVIEWS, review, caller, signal);
      return booleanField(TOKEN_REVIEWS, status, 'authenticated') ? readUser(status) : undefined;
    };
    return cache.answer(token, ask, caller);
  };
}

/** The TTL of cached decisions, in milliseconds. */
export interface AccessReviewTtl {
  readonly allowedMs: number;
  readonly deniedMs: number;
}

/** Reviews access (SubjectAccessReview). */
export function createAccessReviewer(
  sender: ReviewSender,
  { allowedMs, deniedMs }: AccessReviewTtl,
): AccessReviewer {
  const cache = createReviewCache<AccessReview>({
    ttlMs: ({ allowed }) => (allowed ? allowedMs : deniedMs),
    maxEntries: MAX_CACHED_REVIEWS,
    secret: false,
  });
  return (user, request, caller) => {
    const { name, uid, groups, extra } = user;
    const question = JSON.stringify([request, name, uid, groups, ...extra]);
    const ask = async (signal: AbortSignal): Promise<AccessReview> => {
      const spec = { ...attributesOf(request), ...subjectOf(user) };
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
      const status = await sendReview(sender, ACCESS_REVIEWS, review, caller, signal);
      const allowed = booleanField(ACCESS_REVIEWS, status, 'allowed');
      const denied = booleanField(ACCESS_REVIEWS, status, 'denied');
      const reason = fieldOf(status, 'reason');
      return { allowed: allowed && !denied, reason: typeof reason === 'string' ? reason : '' };
    };
    return cache.answer(question, ask, caller);
  };
}

/**
 * Sends a review when the queue allows it, and returns the `status` of the response. A review that has
 * been sent is not aborted when its callers disconnect: aborting it would close the connection.
 */
async function sendReview(
  { client, queue }: ReviewSender,
  path: string,
  review: object,
  caller: ReviewCaller,
  signal: AbortSignal,
): Promise<unknown> {
  const leave = await queue.enter(caller, signal);
  try {
    const { body } = await client.postJson(path, review, { timeoutMs: REVIEW_TIMEOUT_MS });
    return fieldOf(body, 'status');
  } finally {
    leave();
  }
}

/** A boolean of the status. Go omits false. */
function booleanField(path: string, status: unknown, field: string): boolean {
  const value = fieldOf(status, field) ?? false;
  if (typeof status === 'object' && status !== null && typeof value === 'boolean') return value;
  throw new KubernetesError('bad_answer', `POST ${path}: expected status.${field}, true or false`);
}

function readUser(status: unknown): ReviewedUser {
  const user = fieldOf(status, 'user');
  const name = fieldOf(user, 'username');
  if (typeof name !== 'string' || name === '') {
    throw new KubernetesError(
      'bad_answer',
      `POST ${TOKEN_REVIEWS}: expected status.user.username of a valid token`,
    );
  }
  const uid = fieldOf(user, 'uid');
  const extra = fieldOf(user, 'extra');
  const extras = typeof extra === 'object' && extra !== null ? Object.entries(extra) : [];
  return {
    name,
    ...(typeof uid === 'string' && uid !== '' && { uid }),
    groups: strings(fieldOf(user, 'groups')),
    extra: new Map(extras.map(([key, values]) => [key, strings(values)])),
  };
}

function strings(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each: unknown) => typeof each === 'string');
}

function attributesOf(request: ReviewedRequest): object {
  if (!request.isResource) {
    return { nonResourceAttributes: { path: request.path, verb: request.verb } };
  }
  const { isResource: _, ...resourceAttributes } = request;
  return { resourceAttributes };
}

function subjectOf({ name, uid, groups, extra }: ReviewedUser): object {
  return {
    user: name,
    groups,
    ...(uid !== undefined && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
}
