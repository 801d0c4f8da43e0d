import type { UserInfo } from './user-info.ts';

/** The user of a request, and how it was authenticated. */
export interface Identity {
  readonly method: 'front_proxy' | 'client_certificate' | 'token' | 'anonymous';
  readonly user: UserInfo;
}
