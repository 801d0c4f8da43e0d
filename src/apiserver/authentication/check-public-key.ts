import type { KeyObject, X509Certificate } from 'node:crypto';

/** In bits, as NIST SP 800-131A demands: shorter keys may be factored. */
const SHORTEST_RSA_KEY = 2048;
/** In bits, as in Go's crypto/tls. */
const LONGEST_RSA_KEY = 8192;
/** With 1, every signature is valid. */
const SMALLEST_RSA_EXPONENT = 3n;
/** As in Go's crypto/rsa. An exponent as long as the modulus makes verification 100 times slower. */
const LARGEST_RSA_EXPONENT = 2n ** 31n - 1n;

/** The curves of FIPS 186, by their OpenSSL names, as in Go's crypto/x509. */
const CURVES: ReadonlySet<string> = new Set(['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Why the key of a certificate is not accepted, as a clause with the subject "it"; undefined if it is.
 *
 * The key must be strong enough, and of a kind with which verification is fast: clients choose the
 * keys of the certificates that they send, and with some keys each signature takes 10 ms.
 */
export function publicKeyFault(
  certificate: Pick<X509Certificate, 'publicKey'>,
): string | undefined {
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch {
    return 'its public key cannot be read';
  }
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return rsaFault(key);
    case 'ec':
      return curveFault(key);
    case 'ed25519':
      return undefined;
    default:
      return `its public key is of type ${key.asymmetricKeyType}, expected RSA, ECDSA or Ed25519`;
  }
}

function rsaFault(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < SHORTEST_RSA_KEY) {
    return `its RSA key has ${modulusLength} bits, expected at least ${SHORTEST_RSA_KEY}`;
  }
  if (modulusLength > LONGEST_RSA_KEY) {
    return `its RSA key has ${modulusLength} bits, expected at most ${LONGEST_RSA_KEY}`;
  }
  const isUsual =
    publicExponent >= SMALLEST_RSA_EXPONENT &&
    publicExponent <= LARGEST_RSA_EXPONENT &&
    publicExponent % 2n === 1n;
  return isUsual
    ? undefined
    : 'its RSA key has an exponent that is not an odd number of 2 to 31 bits';
}

function curveFault(key: KeyObject): string | undefined {
  // A curve with explicit parameters has no name.
  const { namedCurve = 'without a name' } = key.asymmetricKeyDetails ?? {};
  return CURVES.has(namedCurve)
    ? undefined
    : `its key is on the curve ${namedCurve}, expected P-224, P-256, P-384 or P-521`;
}
