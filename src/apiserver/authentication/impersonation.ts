import { badRequest } from '../status.ts';
import type { DistinctHeaders } from './remote-user.ts';

/** Headers by which a request is to count as somebody else's ("user impersonation"). */
const impersonation = /^impersonate-(user|uid|group|extra-.*)$/;

/**
 * Throws a Status 400 for a request that is to count as somebody else's: the API server does that
 * for those who come by way of it, and takes the headers away. Passing over them would answer with
 * the rights of who asks, which may be more.
 */
export function refuseImpersonation(headers: DistinctHeaders): void {
  const header = Object.keys(headers).find((name) => impersonation.test(name));
  if (header === undefined) return;
  throw badRequest(
    `${header} is not supported: expected requests for others to come by way of the API server`,
  );
}
