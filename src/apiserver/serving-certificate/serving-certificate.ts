import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

/** A certificate chain and its private key, in PEM. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A serving certificate that cannot be used. The message names the files. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/**
 * Reads a certificate chain and its private key.
 *
 * @throws {CertificateError} if a file cannot be read or is not PEM, or if key and certificate do not
 *   match, as between the two writes of a rotation
 */
export async function readServingCertificate(
  certFile: string,
  keyFile: string,
): Promise<ServingCertificate> {
  const cert = await readPem('--tls-cert-file', certFile);
  const key = await readPem('--tls-private-key-file', keyFile);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError(
      `${certFile} and ${keyFile} are not a certificate and its private key in PEM: ${why}`,
      { cause },
    );
  }
  return { cert, key };
}

/** The DNS names in the subjectAltName extension of a certificate. */
export function namesInCertificate({ cert }: ServingCertificate): readonly string[] {
  const names = new X509Certificate(cert).subjectAltName ?? '';
  return [...names.matchAll(/DNS:([^\s,]+)/g)].map(([, name = '']) => name);
}

async function readPem(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError(`${flag}: ${file} cannot be read: ${why}`, { cause });
  }
}
