import { echoedText } from '../../text/shorten.ts';
import type { CertificateBundle } from './certificate-authorities.ts';
import type { ChainCertificate } from './chain-certificate.ts';
import { publicKeyFault } from './check-public-key.ts';
import type { PeerCertificates } from './peer-certificates.ts';

/** Whether a client's certificate is valid. */
export type Verdict =
  /** @property until milliseconds since 1970: when the first certificate of the chain expires */
  | { readonly valid: true; readonly until: number }
  /** @property why a clause with the subject "it", for the log */
  | { readonly valid: false; readonly why: string };

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

/** RSA and ECDSA with SHA-2, and Ed25519. Signatures over MD5 or SHA-1 can be forged. */
const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);

/** The maximum number of signatures that are verified for one client. */
const MOST_SIGNATURES = 16;

/** The maximum number of rejected issuers in a message. */
const MOST_REFUSALS = 3;

/**
 * Looks for a chain (RFC 5280, section 6) from a client's certificate to a trusted authority in
 * which every certificate is valid now and may be used by clients. As in Kubernetes, every
 * certificate of the bundle ends a chain, self-signed or not.
 *
 * @param now milliseconds since 1970
 */
export function verifyChain(
  { leaf, intermediates }: PeerCertificates,
  bundle: CertificateBundle,
  now: number,
): Verdict {
  const fault = usageFault(leaf, now) ?? publicKeyFault(leaf.x509);
  if (fault !== undefined) return { valid: false, why: fault };
  const isTrusted = bundle.authorities.some(({ x509 }) => x509.raw.equals(leaf.x509.raw));
  if (isTrusted) return { valid: true, until: leaf.notAfter };

  const search: Search = {
    ...{ bundle, now, intermediates },
    signatures: new Map(),
    signaturesLeft: MOST_SIGNATURES,
    refusals: new Set(),
  };
  const until = chainEnd(search, leaf, []);
  if (until !== undefined) return { valid: true, until };
  return { valid: false, why: unsignedReason(search) };
}

function unsignedReason({ refusals }: Search): string {
  const unsigned = 'no trusted authority has signed it';
  return refusals.size === 0 ? unsigned : `${unsigned} (${[...refusals].join('; ')})`;
}

interface Search {
  readonly bundle: CertificateBundle;
  readonly now: number;
  readonly intermediates: readonly ChainCertificate[];
  /** Whether a certificate is signed with the key of an issuer: several paths may lead to both. */
  readonly signatures: Map<ChainCertificate, Map<ChainCertificate, boolean>>;
  signaturesLeft: number;
  /** Why certificates with the name of an issuer were not accepted as issuers. */
  readonly refusals: Set<string>;
}

/**
 * When the first certificate of a chain expires; undefined if there is no chain.
 *
 * @param below the authorities between the certificate and the client's, including the certificate
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

/** Whether a certificate is signed by another one that may sign certificates. */
function isIssuer(
  search: Search,
  issuer: ChainCertificate,
  certificate: ChainCertificate,
  depth: number,
): boolean {
  if (!issuer.names.subject.equals(certificate.names.issuer)) return false;
  const fault = issuerFault(search, issuer, certificate, depth);
  if (fault !== undefined && search.refusals.size < MOST_REFUSALS) {
    const { commonName } = issuer.subject;
    search.refusals.add(`issuer ${JSON.stringify(echoedText(commonName))}: ${fault}`);
  }
  return fault === undefined;
}

/** Why a certificate with the name of the issuer is not accepted as the issuer. */
function issuerFault(
  search: Search,
  issuer: ChainCertificate,
  certificate: ChainCertificate,
  depth: number,
): string | undefined {
  if (!issuer.isAuthority) return 'it may not sign certificates';
  if (issuer.pathLength < depth) return 'its path length is exceeded';
  const fault = usageFault(issuer, search.now);
  if (fault !== undefined) return fault;
  const { signatureAlgorithm } = certificate;
  if (!SIGNATURE_ALGORITHMS.has(signatureAlgorithm)) {
    return `the signature algorithm ${signatureAlgorithm} is not accepted`;
  }
  if (!certificate.x509.checkIssued(issuer.x509)) {
    return 'the identifier of its key is not the expected one';
  }
  return publicKeyFault(issuer.x509) ?? signatureFault(search, issuer, certificate);
}

function signatureFault(
  search: Search,
  issuer: ChainCertificate,
  certificate: ChainCertificate,
): string | undefined {
  const verified = search.signatures.get(issuer) ?? new Map<ChainCertificate, boolean>();
  search.signatures.set(issuer, verified);
  let isSigned = verified.get(certificate);
  if (isSigned === undefined) {
    if (search.signaturesLeft === 0) return `more than ${MOST_SIGNATURES} signatures to verify`;
    search.signaturesLeft -= 1;
    isSigned = certificate.x509.verify(issuer.x509.publicKey);
    verified.set(certificate, isSigned);
  }
  return isSigned ? undefined : 'the signature is not from its key';
}

/** Why a certificate cannot be in a chain for TLS clients, as a clause with the subject "it". */
function usageFault(certificate: ChainCertificate, now: number): string | undefined {
  const { notBefore, notAfter, extendedKeyUsage, restrictions } = certificate;
  // An invalid time is NaN, which must not count as valid.
  if (!(now >= notBefore)) return 'it is not valid yet';
  if (!(now <= notAfter)) return 'it has expired';
  const isForClients =
    extendedKeyUsage === undefined ||
    extendedKeyUsage.includes(CLIENT_AUTH) ||
    extendedKeyUsage.includes(ANY_EXTENDED_KEY_USAGE);
  if (!isForClients) return 'it is not for TLS clients';
  const [restriction] = restrictions;
  return restriction && `its extension ${restriction} is not supported`;
}
