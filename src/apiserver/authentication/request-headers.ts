import { badRequest } from '../status.ts';
import type { UserInfo } from './user-info.ts';

/** The headers in which a front proxy says for whom it asks; upper and lower case are the same. */
export interface RemoteHeaderNames {
  /** The first that has a value counts. */
  readonly username: readonly string[];
  readonly uid: readonly string[];
  readonly group: readonly string[];
  readonly extraPrefix: readonly string[];
}

/** As `headersDistinct` of Node.js: names in lower case, every value by itself. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/**
 * Reads the user from the headers of a front proxy, who must have been verified before. Undefined
 * where they name nobody.
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

/** A key that is not percent-encoded stands for itself. */
function percentDecoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Node.js takes each byte of a header for a character; the names of users are UTF-8. */
function utf8(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

/**
 * The token of an Authorization header, or undefined where the header is absent, of another scheme
 * or empty. What comes after the token is left out, as Kubernetes does.
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  const [scheme = '', token = ''] = (authorization ?? '').trim().split(' ');
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

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
