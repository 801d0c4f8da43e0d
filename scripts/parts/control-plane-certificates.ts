import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its private key, in PEM. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

/** The same, with the files: each part of a control plane reads its own. */
export interface CertificateFiles extends CertificateAndKey {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The user in a client certificate, and its validity. */
export interface ClientIdentity {
  /** The common name: a user name, or for the front proxy one of the allowed names. */
  readonly name: string;
  /** The organization: a group. */
  readonly group?: string;
  /** Default: now. */
  readonly notBefore?: Date;
  /** Default: a year after `notBefore`. */
  readonly notAfter?: Date;
}

/** A new certificate authority. @param name its common name, different for each authority */
export function createAuthority(name: string): Promise<CertificateAndKey> {
  return issue([{ name: 'commonName', value: name }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
}

/**
 * A certificate for a TLS server on the loopback interface.
 *
 * @param names its DNS names, besides `localhost`, e.g. `adapter.monitoring.svc`
 */
export function issueServerCertificate(
  authority: CertificateAndKey,
  names: readonly string[] = [],
): Promise<CertificateAndKey> {
  return issue([{ name: 'commonName', value: 'localhost' }], {
    ca: authority,
    extensions: [
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...['localhost', ...names].map((value) => ({ type: 2 as const, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
}

/** A certificate for a TLS client. */
export function issueClientCertificate(
  authority: CertificateAndKey,
  { name, group, notBefore, notAfter }: ClientIdentity,
): Promise<CertificateAndKey> {
  const groups = group === undefined ? [] : [{ name: 'organizationName', value: group }];
  return issue([...groups, { name: 'commonName', value: name }], {
    ca: authority,
    ...(notBefore && { notBeforeDate: notBefore }),
    ...(notAfter && { notAfterDate: notAfter }),
    extensions: [{ name: 'extKeyUsage', clientAuth: true }],
  });
}

/**
 * Writes a certificate and its key.
 *
 * @param name the files are `<name>.crt` and `<name>.key`
 */
export async function writeCertificate(
  directory: string,
  name: string,
  { cert, key }: CertificateAndKey,
): Promise<CertificateFiles> {
  const certFile = join(directory, `${name}.crt`);
  const keyFile = join(directory, `${name}.key`);
  await writeFile(keyFile, key, { mode: 0o600 });
  await writeFile(certFile, cert);
  return { cert, key, certFile, keyFile };
}

/** The certificates and keys of a control plane. */
export interface ControlPlaneCertificates {
  /** Signs the API server's certificate and those of its clients. */
  readonly ca: CertificateFiles;
  readonly server: CertificateFiles;
  /** May do everything. */
  readonly admin: CertificateFiles;
  /** Signs the certificate that the API server shows to the servers of aggregated APIs. */
  readonly frontProxyCa: CertificateFiles;
  readonly frontProxy: CertificateFiles;
  /** The key that signs tokens of service accounts, and the one that verifies them. */
  readonly tokenSigningKeyFile: string;
  readonly tokenKeyFile: string;
}

/**
 * Makes all certificates of a control plane.
 *
 * @param directory gets the files; created if it is missing
 * @param frontProxyName the common name that servers of aggregated APIs accept of a front proxy
 */
export async function makeControlPlaneCertificates(
  directory: string,
  frontProxyName: string,
): Promise<ControlPlaneCertificates> {
  await mkdir(directory, { recursive: true });
  const write = (name: string, made: CertificateAndKey) => writeCertificate(directory, name, made);
  const ca = await write('ca', await createAuthority('kubernetes-ca'));
  const server = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return {
    ca,
    server: await write('apiserver', await issueServerCertificate(ca, server)),
    admin: await write(
      'admin',
      await issueClientCertificate(ca, { name: 'admin', group: 'system:masters' }),
    ),
    ...(await makeFrontProxyCertificates(directory, frontProxyName)),
    ...(await writeTokenKeys(directory)),
  };
}

/**
 * Makes the certificates of a front proxy. Those that are there are overwritten.
 *
 * @param name the common name that servers of aggregated APIs accept of a front proxy
 */
export async function makeFrontProxyCertificates(
  directory: string,
  name: string,
): Promise<Pick<ControlPlaneCertificates, 'frontProxyCa' | 'frontProxy'>> {
  const authority = await createAuthority('front-proxy-ca');
  const certificate = await issueClientCertificate(authority, { name });
  return {
    frontProxyCa: await writeCertificate(directory, 'front-proxy-ca', authority),
    frontProxy: await writeCertificate(directory, 'front-proxy', certificate),
  };
}

async function writeTokenKeys(directory: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const tokenSigningKeyFile = join(directory, 'service-account.key');
  const tokenKeyFile = join(directory, 'service-account.pub');
  await writeFile(tokenSigningKeyFile, privateKey, { mode: 0o600 });
  await writeFile(tokenKeyFile, publicKey);
  return { tokenSigningKeyFile, tokenKeyFile };
}

async function issue(
  subject: Parameters<typeof generate>[0],
  options: Parameters<typeof generate>[1],
): Promise<CertificateAndKey> {
  const { cert, private: key } = await generate(subject, {
    keyType: 'ec',
    algorithm: 'sha256',
    ...options,
  });
  return { cert, key };
}
