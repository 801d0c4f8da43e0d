import { generateKeyPair, randomBytes, randomUUID, sign } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Extension,
  Extensions,
  GeneralName,
  id_ce_subjectAltName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import {
  CertificateError,
  readServingCertificate,
  type ServingCertificate,
} from './serving-certificate.ts';

const CERTIFICATE_NAME = 'apiserver.crt';
const KEY_NAME = 'apiserver.key';

/**
 * The certificate in `--cert-dir`, or a new self-signed one if the directory has none that can be used.
 *
 * @param directory undefined: the certificate is kept in memory only
 * @param host the IP address to listen on; it becomes one of the certificate's names
 * @returns the certificate, and why it could not be stored in the directory, if so
 */
export async function selfSignedCertificate(
  directory: string | undefined,
  host: string,
): Promise<{ certificate: ServingCertificate; notKept: unknown }> {
  if (directory === undefined) {
    return { certificate: await makeCertificate(host), notKept: undefined };
  }
  const certFile = path.join(directory, CERTIFICATE_NAME);
  const keyFile = path.join(directory, KEY_NAME);
  try {
    return { certificate: await readServingCertificate(certFile, keyFile), notKept: undefined };
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
  }
  const certificate = await makeCertificate(host);
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await replaceFile(keyFile, certificate.key, 0o600);
    await replaceFile(certFile, certificate.cert, 0o644);
    return { certificate, notKept: undefined };
  } catch (notKept) {
    return { certificate, notKept };
  }
}

/** sha256WithRSAEncryption; its parameters are an ASN.1 NULL. */
const SIGNATURE_ALGORITHM = new AlgorithmIdentifier({
  algorithm: '1.2.840.113549.1.1.11',
  parameters: new Uint8Array([5, 0]).buffer,
});

const COMMON_NAME = '2.5.4.3';

/** RSA, since `--tls-cipher-suites` may allow only suites with RSA certificates. */
async function makeCertificate(host: string): Promise<ServingCertificate> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const tbsCertificate = certificateFor(host, publicKey);
  const tbsCertificateRaw = AsnConvert.serialize(tbsCertificate);
  const certificate = new Certificate({
    tbsCertificate,
    tbsCertificateRaw,
    signatureAlgorithm: SIGNATURE_ALGORITHM,
    signatureValue: arrayBuffer(sign('sha256', Buffer.from(tbsCertificateRaw), privateKey)),
  });
  return { cert: pem(AsnConvert.serialize(certificate)), key: privateKey };
}

/** Valid from now on for a year. */
function certificateFor(host: string, publicKey: Buffer): TBSCertificate {
  const name = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({
        type: COMMON_NAME,
        value: new AttributeValue({ utf8String: 'prom-metrics-adapter' }),
      }),
    ]),
  ]);
  const notBefore = new Date();
  const notAfter = new Date(notBefore);
  notAfter.setFullYear(notBefore.getFullYear() + 1);
  return new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: SIGNATURE_ALGORITHM,
    issuer: name,
    validity: new Validity({ notBefore, notAfter }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(publicKey, SubjectPublicKeyInfo),
    extensions: new Extensions([
      new Extension({
        extnID: id_ce_subjectAltName,
        extnValue: new OctetString(AsnConvert.serialize(namesFor(host))),
      }),
    ]),
  });
}

/** Positive and unique. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  // The first bit is the sign; a first byte of zero would not be the shortest encoding.
  bytes.writeUInt8((bytes.readUInt8() & 0x3f) | 0x40);
  return arrayBuffer(bytes);
}

function namesFor(host: string): SubjectAlternativeName {
  const addresses = new Set(['127.0.0.1', '::1', host].filter((ip) => !isUnspecified(ip)));
  return new SubjectAlternativeName([
    new GeneralName({ dNSName: 'localhost' }),
    ...[...addresses].map((ip) => new GeneralName({ iPAddress: canonical(ip) })),
  ]);
}

/** Without the zone of an IPv6 address, and without an IPv4 address at its end. */
function canonical(address: string): string {
  if (!isIPv6(address)) return address;
  const [withoutZone] = address.split('%');
  return new URL(`https://[${withoutZone}]`).hostname.slice(1, -1);
}

function isUnspecified(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}

function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pem(der: ArrayBuffer): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

/**
 * Writes a new file and renames it into place, regardless of the mode of an existing file or a
 * symbolic link. Readers see either the old content or the new content.
 *
 * @param mode of the new file, e.g. 0o600, restricted by the umask
 */
async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  // Fails if the name exists, even as a dangling symbolic link.
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(content).finally(() => handle.close());
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
