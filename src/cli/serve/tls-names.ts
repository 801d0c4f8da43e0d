import { getCiphers, type SecureVersion } from 'node:tls';
import { nearestName } from '../../text/nearest-name.ts';
import type { Reading } from '../flag.ts';
import { splitCommaSeparated } from '../go-literals.ts';

/**
 * The names of TLS versions and cipher suites in Go (crypto/tls) and thus in Kubernetes components, and in
 * OpenSSL and thus in Node.js.
 *
 * @see https://www.iana.org/assignments/tls-parameters
 * @see https://docs.openssl.org/master/man1/openssl-ciphers/
 */
export const TLS_VERSION_NAMES = [
  'VersionTLS10',
  'VersionTLS11',
  'VersionTLS12',
  'VersionTLS13',
] as const;

export type TlsVersionName = (typeof TLS_VERSION_NAMES)[number];

const TLS_VERSIONS: Readonly<Record<TlsVersionName, SecureVersion>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};

/** The name of a version for `minVersion` of `node:tls`. */
export function nodeTlsVersion(name: TlsVersionName): SecureVersion {
  return TLS_VERSIONS[name];
}

/** The suites of TLS 1.3 have the same names in both. */
const TLS_1_3_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
];

const OPENSSL_NAMES: ReadonlyMap<string, string> = new Map([
  ...TLS_1_3_SUITES.map((name): [string, string] => [name, name]),
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ECDHE-ECDSA-AES128-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_RC4_128_SHA', 'ECDHE-ECDSA-RC4-SHA'],
  ['TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', 'ECDHE-RSA-DES-CBC3-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', 'ECDHE-RSA-RC4-SHA'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'DES-CBC3-SHA'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA256', 'AES128-SHA256'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
  ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'AES256-GCM-SHA384'],
  ['TLS_RSA_WITH_RC4_128_SHA', 'RC4-SHA'],
]);

/** Parses Go's names of cipher suites, separated by commas. */
export function cipherSuiteNames(text: string): Reading<readonly string[]> {
  const names = splitCommaSeparated(text)?.map((name) => name.trim());
  if (names === undefined) {
    return { expected: 'names of cipher suites separated by commas' };
  }
  const unknown = names.find((name) => !OPENSSL_NAMES.has(name));
  if (unknown === undefined) {
    return { value: names };
  }
  const meant = nearestName(unknown, OPENSSL_NAMES.keys());
  const suggestion = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return {
    expected: `Go's names of cipher suites; ${JSON.stringify(unknown.slice(0, 100))} is unknown${suggestion}`,
  };
}

/** A list of cipher suites for Node.js. */
export interface CipherChoice {
  /** OpenSSL's names, for `ciphers` of `node:tls` (joined by `:`); empty: the default. */
  readonly ciphers: readonly string[];
  /** Go's names of suites that this Node.js no longer supports. */
  readonly unavailable: readonly string[];
}

/**
 * Converts Go's names to OpenSSL's. The suites of TLS 1.3 are always included: they are not configurable in
 * Go, and without them Node.js would turn TLS 1.3 off.
 */
export function cipherChoice(names: readonly string[]): CipherChoice {
  if (names.length === 0) {
    return { ciphers: [], unavailable: [] };
  }
  const available = new Set(getCiphers());
  const isAvailable = (name: string) =>
    available.has((OPENSSL_NAMES.get(name) ?? name).toLowerCase());
  const chosen = names.filter(isAvailable).map((name) => OPENSSL_NAMES.get(name) ?? name);
  return {
    ciphers: [...new Set([...TLS_1_3_SUITES, ...chosen])],
    unavailable: names.filter((name) => !isAvailable(name)),
  };
}
