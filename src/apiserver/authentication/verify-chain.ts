import type { CertificateBundle } from './certificate-bundle.ts';
import type { ChainCertificate } from './chain-certificate.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { isQuickToVerifyWith } from './verification-key.ts';

/** Whether a client's certificate counts. */
export type Verdict =
  /** @property until milliseconds since 1970: when a certificate of the chain ends */
  | { readonly valid: true; readonly until: number }
  | { readonly valid: false; readonly why: string };

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

/** RSA and ECDSA with SHA-2, and Ed25519: whatever rests on SHA-1 or MD5 can be forged. */
const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);

/** How many signatures are looked at for one client, whatever it sends along. */
const MOST_SIGNATURES = 16;

/**
 * Looks for a chain (RFC 5280, section 6) from a client's certificate to a trusted authority in
 * which every certificate is valid now and may be used by clients. As in Kubernetes, every
 * certificate of the bundle is an end of a chain, whether signed by itself or not.
 *
 * @param now milliseconds since 1970
 */
export function verifyChain(
  { leaf, intermediates }: PeerCertificates,
  bundle: CertificateBundle,
  now: number,
): Verdict {
  const fault = faultOf(leaf, now);
  if (fault !== undefined) return { valid: false, why: fault };
  const isTrusted = bundle.authorities.some(({ x509 }) => x509.raw.equals(leaf.x509.raw));
  if (isTrusted) return { valid: true, until: leaf.notAfter };

  const search = { bundle, now, intermediates, signaturesLeft: MOST_SIGNATURES };
  const until = chainEnd(search, leaf, []);
  return until === undefined
    ? { valid: false, why: 'no trusted authority has signed it' }
    : { valid: true, until };
}

interface Search {
  readonly bundle: CertificateBundle;
  readonly now: number;
  readonly intermediates: readonly ChainCertificate[];
  signaturesLeft: number;
}

/**
 * When the first certificate of a chain ends; undefined where there is no chain.
 *
 * @param below the authorities between the certificate and the client's, itself included
 */
function chainEnd(
  search: Search,
  certificate: ChainCertificate,
  below: readonly ChainCertificate[],
): number | undefined {
  const { bundle, intermediates } = search;
  for (const issuer of bundle.authorities) {
    if (isIssuer(search, issuer, certificate, below.length)) {
      return Math.min(certificate.notAfter, issuer.notAfter);
    }
  }
  for (const issuer of intermediates) {
    if (below.includes(issuer) || !isIssuer(search, issuer, certificate, below.length)) continue;
    const until = chainEnd(search, issuer, [...below, issuer]);
    if (until !== undefined) return Math.min(certificate.notAfter, until);
  }
  return undefined;
}

/** Whether a certificate is signed by another that may do so. */
function isIssuer(
  search: Search,
  issuer: ChainCertificate,
  { x509, signatureAlgorithm }: ChainCertificate,
  depth: number,
): boolean {
  return (
    issuer.isAuthority &&
    issuer.pathLength >= depth &&
    faultOf(issuer, search.now) === undefined &&
    SIGNATURE_ALGORITHMS.has(signatureAlgorithm) &&
    // The names, the identifiers of the keys, and whether the issuer's key may sign certificates
    // and is of a kind that OpenSSL knows.
    x509.checkIssued(issuer.x509) &&
    hasSigned(search, issuer, x509)
  );
}

function hasSigned(search: Search, issuer: ChainCertificate, x509: ChainCertificate['x509']) {
  if (search.signaturesLeft === 0) return false;
  search.signaturesLeft -= 1;
  const { publicKey } = issuer.x509;
  return isQuickToVerifyWith(publicKey) && x509.verify(publicKey);
}

/** Why a certificate can be in no chain. */
function faultOf(certificate: ChainCertificate, now: number): string | undefined {
  const { notBefore, notAfter, extendedKeyUsage, restrictions } = certificate;
  // Written so that a time that cannot be read does not count as valid.
  if (!(now >= notBefore)) return 'it is not valid yet';
  if (!(now <= notAfter)) return 'it has expired';
  const isForClients =
    extendedKeyUsage === undefined ||
    extendedKeyUsage.includes(CLIENT_AUTH) ||
    extendedKeyUsage.includes(ANY_EXTENDED_KEY_USAGE);
  if (!isForClients) return 'it is not for TLS clients';
  const [restriction] = restrictions;
  return restriction && `its extension ${restriction} is not understood`;
}
