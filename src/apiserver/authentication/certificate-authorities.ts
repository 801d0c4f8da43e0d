import { type ChainCertificate, readCertificate } from './chain-certificate.ts';
import type { RemoteHeaderNames } from './request-headers.ts';

/** Whose certificates say who asks. */
export interface CertificateAuthorities {
  /** Undefined: client certificates say nothing. */
  readonly clientCa: CertificateBundle | undefined;
  /** Undefined: nobody may speak for others. */
  readonly frontProxy: FrontProxy | undefined;
}

/** A proxy, as a rule the API server, that says in headers for whom it asks. */
export interface FrontProxy {
  readonly ca: CertificateBundle;
  /** Common names that its certificate may have; empty: any. */
  readonly allowedNames: readonly string[];
  readonly headers: RemoteHeaderNames;
}

/** Certificate authorities that are trusted. A new object stands for every new set of them. */
export interface CertificateBundle {
  readonly authorities: readonly ChainCertificate[];
}

/** What should be certificates in PEM is not. */
export class CertificateBundleError extends Error {
  override readonly name = 'CertificateBundleError';
}

/**
 * Reads certificates in PEM; text around them does not count.
 *
 * @param source what to call it in messages
 * @throws {CertificateBundleError} where there is none, or one of them cannot be read
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
