/** UserInfo of authentication.k8s.io/v1. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';

/** The user of a request without credentials. */
export const anonymous: UserInfo = {
  name: 'system:anonymous',
  groups: [UNAUTHENTICATED],
  extra: new Map(),
};

/**
 * Adds the group of all authenticated users, unless a front proxy has already added it or the group of
 * unauthenticated users.
 */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const isDecided = user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED);
  if (isDecided || user.name === anonymous.name) return user;
  return { ...user, groups: [...user.groups, AUTHENTICATED] };
}

/** The user of a request, and how it was authenticated. */
export interface Identity {
  readonly method: 'front_proxy' | 'client_certificate' | 'token' | 'anonymous';
  readonly user: UserInfo;
}
