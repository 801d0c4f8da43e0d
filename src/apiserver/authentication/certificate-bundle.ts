import { type ChainCertificate, readCertificate } from './chain-certificate.ts';

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
