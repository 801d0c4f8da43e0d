import type { UserInfo } from './user-info.ts';

/** Who sends a request, and what says so. */
export interface Identity {
  readonly method: 'front_proxy' | 'client_certificate' | 'token' | 'anonymous';
  readonly user: UserInfo;
}
