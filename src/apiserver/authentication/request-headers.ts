import { badRequest } from '../status.ts';
import type { UserInfo } from './user-info.ts';

/** The headers in which a front proxy passes the user of a request. Case-insensitive. */
export interface RemoteHeaderNames {
  /** The first header with a value is used. */
  readonly username: readonly string[];
  readonly uid: readonly string[];
  readonly group: readonly string[];
  readonly extraPrefix: readonly string[];
}

/** As `headersDistinct` of Node.js: names in lower case, and all values of each. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/**
 * Reads the user from the headers of a front proxy, whose certificate must have been verified before.
 * Undefined if the headers name no user.
 */
export function remoteUser(
  headers: DistinctHeaders,
  names: RemoteHeaderNames,
): UserInfo | undefined {
  const name = firstValue(headers, names.username);
  if (name === '') return undefined;
  const uid = firstValue(headers, names.uid);
  return {
    name,
    ...(uid !== '' && { uid }),
    groups: names.group.flatMap((header) => values(headers, header)).filter((each) => each !== ''),
    extra: extraOf(headers, names.extraPrefix),
  };
}

function firstValue(headers: DistinctHeaders, names: readonly string[]): string {
  for (const name of names) {
    const [value = ''] = values(headers, name);
    if (value !== '') return value;
  }
  return '';
}

function values(headers: DistinctHeaders, name: string): readonly string[] {
  const key = name.toLowerCase();
  return Object.hasOwn(headers, key) ? (headers[key] ?? []).map(utf8) : [];
}

function extraOf(
  headers: DistinctHeaders,
  prefixes: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const extra = new Map<string, readonly string[]>();
  for (const prefix of prefixes.map((each) => each.toLowerCase())) {
    for (const header of Object.keys(headers).filter((name) => name.startsWith(prefix))) {
      const key = percentDecoded(header.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), ...values(headers, header)]);
    }
  }
  return extra;
}

/** A key that is not valid percent-encoding is used unchanged. */
function percentDecoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Node.js decodes headers as Latin-1; user names are UTF-8. */
function utf8(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

/**
 * The token of an Authorization header; undefined if the header is absent or empty, or has another
 * scheme. Anything after the token is ignored, as in Kubernetes.
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  const [scheme = '', token = ''] = (authorization ?? '').trim().split(' ');
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/** Headers of user impersonation. */
const IMPERSONATION = /^impersonate-(user|uid|group|extra-.*)$/;

/**
 * Rejects user impersonation with a Status 400. The API server evaluates these headers and removes
 * them before it forwards a request. If they were ignored, the request would have the permissions of the real
 * user, which may be broader.
 */
export function refuseImpersonation(headers: DistinctHeaders): void {
  const header = Object.keys(headers).find((name) => IMPERSONATION.test(name));
  if (header === undefined) return;
  throw badRequest(
    `${header} is not supported: send requests with user impersonation through the API server`,
  );
}
