import type { Identity } from '../authentication/identity.ts';
import { anonymous, type UserInfo } from '../authentication/user-info.ts';
import type { ReviewCaller } from '../flow-control/review-queue.ts';
import type { RequestOrigin } from '../http-exchange.ts';
import type { RequestInfo } from '../request-info.ts';

/** Who asks and whether they may: every request passes both before anything else is done for it. */
export interface RequestAccess {
  /**
   * Says who asks. Throws a Status 401, a Status 400 where it is to count as somebody else's, a Status
   * 429 where it may not wait for a review, or any other error where that cannot be found out.
   */
  authenticate(request: RequestOrigin, caller: ReviewCaller): Promise<Identity>;
  /**
   * Throws a Status 403 for what the user may not, a Status 429 where the request may not wait for a
   * review, or any other error where nobody can say.
   */
  authorize(user: UserInfo, info: RequestInfo, caller: ReviewCaller): Promise<void>;
}

/** For `--standalone`: nobody is asked who they are, and everybody may do everything. */
export const openToEveryone: RequestAccess = {
  authenticate: async () => ({ method: 'anonymous', user: anonymous }),
  authorize: async () => undefined,
};
