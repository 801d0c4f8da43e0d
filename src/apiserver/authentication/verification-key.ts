import type { KeyObject } from 'node:crypto';

const LONGEST_RSA_KEY = 8192;
/** As in Go's crypto/rsa. One as long as the modulus makes verifying take a hundred times as long. */
const LARGEST_RSA_EXPONENT = 2n ** 31n - 1n;

/** Those of FIPS 186, by OpenSSL's names, as in Go's crypto/x509. */
const CURVES: ReadonlySet<string> = new Set(['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Whether verifying a signature takes no longer with this key than with those that certificates are
 * made with. Strangers choose the keys of the certificates that they send, and there are keys that
 * take 10 ms for each signature.
 */
export function isQuickToVerifyWith(key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails ?? {};
  const { modulusLength = Infinity, publicExponent = Infinity, namedCurve = '' } = details;
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength <= LONGEST_RSA_KEY && publicExponent <= LARGEST_RSA_EXPONENT;
    case 'ec':
      // A curve with explicit parameters has no name.
      return CURVES.has(namedCurve);
    default:
      return key.asymmetricKeyType === 'ed25519';
  }
}
