import type { UserInfo } from '../authentication/user-info.ts';
import type { ReviewCaller } from '../flow-control/request-pools.ts';
import type { RequestInfo } from '../http/request-info.ts';
import { isTooManyRequests } from '../status.ts';
import { forbidden } from './forbidden.ts';
import type { PathMatcher } from './path-pattern.ts';

/** What the reviewer says of a request. */
export interface AccessDecision {
  readonly allowed: boolean;
  /** Why not, where it says so. */
  readonly reason: string;
}

export type AuthorizationOutcome = 'allowed' | 'denied' | 'error';

export interface AuthorizerDependencies {
  /** Asks whether a user may; rejects where there is no answer, and so must the request be. */
  readonly review: (
    user: UserInfo,
    info: RequestInfo,
    caller: ReviewCaller,
  ) => Promise<AccessDecision>;
  /** Paths outside of the APIs that everybody may ask for. */
  readonly isAlwaysAllowed: PathMatcher;
  /** Called for every request, except those rejected because they cannot wait for a review. */
  readonly onOutcome: (outcome: AuthorizationOutcome) => void;
}

/** Throws as `RequestAccess.authorize` says. */
export type Authorizer = (user: UserInfo, info: RequestInfo, caller: ReviewCaller) => Promise<void>;

/** Who may do everything, whatever the reviewer says. */
const MASTERS = 'system:masters';

/** Has somebody else say who may do what, as an extension API server of Kubernetes does. */
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
