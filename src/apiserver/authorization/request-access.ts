import { anonymous, type Identity, type UserInfo } from '../authentication/user-info.ts';
import type { ReviewCaller } from '../flow-control/request-pools.ts';
import type { RequestOrigin } from '../http/http-exchange.ts';
import type { RequestInfo } from '../http/request-info.ts';

/** Authenticates and authorizes requests. Both happen before a request is served. */
export interface RequestAccess {
  /**
   * Authenticates the request. Throws a Status 401, a Status 400 for direct impersonation, a Status 429
   * if it cannot wait for a review, or another error if authentication is not possible.
   */
  authenticate(request: RequestOrigin, caller: ReviewCaller): Promise<Identity>;
  /**
   * Throws a Status 403 if the user is not allowed to, a Status 429 if the request cannot wait for a
   * review, or another error if authorization is not possible.
   */
  authorize(user: UserInfo, info: RequestInfo, caller: ReviewCaller): Promise<void>;
}

/** For `--standalone`: all users are anonymous, and all requests are authorized. */
export const anonymousAccess: RequestAccess = {
  authenticate: async () => ({ method: 'anonymous', user: anonymous }),
  authorize: async () => undefined,
};
