import type { UserInfo } from '../authentication/user-info.ts';
import type { ReviewCaller } from '../flow-control/request-pools.ts';
import type { RequestInfo } from '../http/request-info.ts';
import { isTooManyRequests } from '../status.ts';
import { forbidden } from './forbidden.ts';
import type { PathMatcher } from './path-pattern.ts';

/** The decision about a request. */
export interface AccessDecision {
  readonly allowed: boolean;
  /** Why the request is denied; may be empty. */
  readonly reason: string;
}

export type AuthorizationOutcome = 'allowed' | 'denied' | 'error';

export interface AuthorizerDependencies {
  /** Decides by a SubjectAccessReview. Rejects if there is no decision; the request then fails. */
  readonly review: (
    user: UserInfo,
    info: RequestInfo,
    caller: ReviewCaller,
  ) => Promise<AccessDecision>;
  /** Paths outside of the APIs that need no authorization. */
  readonly isAlwaysAllowed: PathMatcher;
  /** Called for every request, except those rejected because they cannot wait for a review. */
  readonly onOutcome: (outcome: AuthorizationOutcome) => void;
}

/** Throws as `RequestAccess.authorize`. */
export type Authorizer = (user: UserInfo, info: RequestInfo, caller: ReviewCaller) => Promise<void>;

/** The group that is always authorized. */
const MASTERS = 'system:masters';

/** Delegates authorization, as extension API servers of Kubernetes do. */
export function createAuthorizer(dependencies: AuthorizerDependencies): Authorizer {
  const { review, isAlwaysAllowed, onOutcome } = dependencies;

  const decide = async (
    ...[user, info, caller]: Parameters<Authorizer>
  ): Promise<AccessDecision> => {
    const needsNoReview =
      user.groups.includes(MASTERS) || (!info.isResource && isAlwaysAllowed(info.path));
    return needsNoReview ? { allowed: true, reason: '' } : review(user, info, caller);
  };

  return async (user, info, caller) => {
    let decision: AccessDecision;
    try {
      decision = await decide(user, info, caller);
    } catch (error) {
      if (!isTooManyRequests(error)) onOutcome('error');
      throw error;
    }
    onOutcome(decision.allowed ? 'allowed' : 'denied');
    if (!decision.allowed) throw forbidden(user, info, decision.reason);
  };
}
