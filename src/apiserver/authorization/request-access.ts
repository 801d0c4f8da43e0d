import { anonymous, type UserInfo } from '../authentication/user-info.ts';
import type { RequestOrigin } from '../http-exchange.ts';
import type { RequestInfo } from '../request-info.ts';

/** Who asks and whether they may: every request passes both before anything else is done for it. */
export interface RequestAccess {
  /**
   * Says who asks. Throws a Status 401, a Status 400 where it is to count as somebody else's, or any
   * other error where that cannot be found out.
   */
  authenticate(request: RequestOrigin): Promise<UserInfo>;
  /** Throws a Status 403 for what the user may not, or any other error where nobody can say. */
  authorize(user: UserInfo, info: RequestInfo): Promise<void>;
}

/** For `--standalone`: nobody is asked who they are, and everybody may do everything. */
export const openToEveryone: RequestAccess = {
  authenticate: async () => anonymous,
  authorize: async () => undefined,
};
