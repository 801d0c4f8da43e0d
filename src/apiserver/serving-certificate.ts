import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { replaceFile } from './replace-file.ts';

/** A certificate chain and its private key, in PEM. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The certificate of the server cannot be used; the message names the files. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/**
 * Reads a certificate and its key. Throws {@link CertificateError} where one of them cannot be
 * read, is no PEM, or they do not belong together (as between the two writes of a rotation).
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

/** The host names that a certificate is for. */
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

const certName = 'apiserver.crt';
const keyName = 'apiserver.key';

/**
 * The certificate in `--cert-dir`, made and signed by itself where there is none.
 *
 * @param certDir undefined: it is kept in memory only
 * @param host the address that is listened on, for the certificate's names
 * @returns the certificate, and why it could not be kept in the folder where that is so
 */
export async function selfSignedCertificate(
  certDir: string | undefined,
  host: string,
): Promise<{ certificate: ServingCertificate; notKept: unknown }> {
  if (certDir === undefined)
    return { certificate: await makeCertificate(host), notKept: undefined };
  const certFile = path.join(certDir, certName);
  const keyFile = path.join(certDir, keyName);
  try {
    return { certificate: await readServingCertificate(certFile, keyFile), notKept: undefined };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
  }
  const certificate = await makeCertificate(host);
  try {
    await mkdir(certDir, { recursive: true, mode: 0o755 });
    await replaceFile(keyFile, certificate.key, 0o600);
    await replaceFile(certFile, certificate.cert, 0o644);
    return { certificate, notKept: undefined };
  } catch (notKept) {
    return { certificate, notKept };
  }
}

async function makeCertificate(host: string): Promise<ServingCertificate> {
  // Only here: it costs memory that a server with its own certificate need not spend.
  const { generate } = (await import('selfsigned')).default;
  const begins = new Date();
  const ends = new Date(begins);
  ends.setFullYear(begins.getFullYear() + 1);
  const addresses = new Set(['127.0.0.1', '::1', host].filter((ip) => !isUnspecified(ip)));
  const pem = await generate([{ name: 'commonName', value: 'prom-metrics-adapter' }], {
    algorithm: 'sha256',
    keySize: 2048,
    notBeforeDate: begins,
    notAfterDate: ends,
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          ...[...addresses].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: pem.cert, key: pem.private };
}

function isUnspecified(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}
