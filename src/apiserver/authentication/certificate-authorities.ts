import { type ChainCertificate, readCertificate } from './chain-certificate.ts';
import { publicKeyFault } from './check-public-key.ts';
import type { RemoteHeaderNames } from './request-headers.ts';

/** The authorities that sign the certificates of clients. */
export interface CertificateAuthorities {
  /** Undefined: client certificates do not authenticate. */
  readonly clientCa: CertificateBundle | undefined;
  /** Undefined: the headers of front proxies are ignored. */
  readonly frontProxy: FrontProxy | undefined;
}

/** A proxy, usually the API server, that passes the user of a request in headers. */
export interface FrontProxy {
  readonly ca: CertificateBundle;
  /** Allowed common names of its certificate; empty: any. */
  readonly allowedNames: readonly string[];
  readonly headers: RemoteHeaderNames;
}

/** Trusted certificate authorities. Every change makes a new object. */
export interface CertificateBundle {
  readonly authorities: readonly ChainCertificate[];
}

/** A bundle of certificates that cannot be read. */
export class CertificateBundleError extends Error {
  override readonly name = 'CertificateBundleError';
}

/**
 * Reads certificates in PEM. Text around them is ignored.
 *
 * @param source the name of the bundle in messages
 * @throws {CertificateBundleError} if there is no certificate, or one of them cannot be read
 */
export function readCertificateBundle(source: string, pem: string): CertificateBundle {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)];
  if (blocks.length === 0) {
    throw new CertificateBundleError(`${source}: expected certificates in PEM, found none`);
  }
  return { authorities: blocks.map(([, base64 = ''], index) => read(source, index, base64)) };
}

function read(source: string, index: number, base64: string): ChainCertificate {
  try {
    return readCertificate(Buffer.from(base64, 'base64'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateBundleError(`${source}: certificate ${index + 1} cannot be read: ${why}`, {
      cause,
    });
  }
}

/**
 * The authorities of a bundle whose keys are not accepted, each with the reason, e.g.
 * `"kubernetes": its RSA key has 1024 bits, expected at least 2048`. Certificates that they signed are
 * rejected.
 */
export function unacceptedKeys({ authorities }: CertificateBundle): readonly string[] {
  return authorities.flatMap(({ x509, subject }) => {
    const fault = publicKeyFault(x509);
    return fault === undefined ? [] : [`${JSON.stringify(subject.commonName)}: ${fault}`];
  });
}
