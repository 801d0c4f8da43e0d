import { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { BasicConstraints, Certificate, type Extension, type Name } from '@peculiar/asn1-x509';

/** A certificate as far as it matters for a chain (RFC 5280) and for who its owner is. */
export interface ChainCertificate {
  readonly x509: X509Certificate;
  /** Milliseconds since 1970; NaN where it cannot be read. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** An object identifier. */
  readonly signatureAlgorithm: string;
  /** May sign certificates. */
  readonly isAuthority: boolean;
  /** How many authorities may stand between this one and the last certificate. */
  readonly pathLength: number;
  /** Object identifiers; undefined: for every use. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** Extensions that restrict it in ways that are not understood here. */
  readonly restrictions: readonly string[];
  readonly subject: CertificateSubject;
}

export interface CertificateSubject {
  /** Empty where there is none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
}

const BASIC_CONSTRAINTS = '2.5.29.19';
const NAME_CONSTRAINTS = '2.5.29.30';

/**
 * Extensions that may be critical: those looked at here, and those that say nothing about whether a
 * certificate is valid (identifiers of keys, alternative names, policies, where revocation is told).
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  BASIC_CONSTRAINTS,
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.35',
  '2.5.29.37',
]);

/** Reads a certificate in DER. Throws an Error for anything else. */
export function readCertificate(der: Buffer): ChainCertificate {
  const x509 = new X509Certificate(der);
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate);
  const extensions = [...(tbsCertificate.extensions ?? [])];
  return {
    x509,
    notBefore: x509.validFromDate.getTime(),
    notAfter: x509.validToDate.getTime(),
    signatureAlgorithm: signatureAlgorithm.algorithm,
    isAuthority: x509.ca,
    pathLength: pathLengthOf(extensions),
    extendedKeyUsage: x509.keyUsage,
    restrictions: extensions.filter(isRestriction).map(({ extnID }) => extnID),
    subject: subjectOf(tbsCertificate.subject),
  };
}

function pathLengthOf(extensions: readonly Extension[]): number {
  const extension = extensions.find(({ extnID }) => extnID === BASIC_CONSTRAINTS);
  if (extension === undefined) return Number.POSITIVE_INFINITY;
  const { pathLenConstraint } = AsnConvert.parse(extension.extnValue, BasicConstraints);
  return pathLenConstraint ?? Number.POSITIVE_INFINITY;
}

function isRestriction({ extnID, critical }: Extension): boolean {
  return extnID === NAME_CONSTRAINTS || (critical && !UNDERSTOOD.has(extnID));
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

/** From the encoded name: in its text form a value could pass for an attribute of its own. */
function subjectOf(name: Name): CertificateSubject {
  const attributes = [...name].flatMap((relativeName) => [...relativeName]);
  const valuesOf = (oid: string): string[] =>
    attributes.filter(({ type }) => type === oid).map(({ value }) => value.toString());
  return {
    commonName: valuesOf(COMMON_NAME).at(-1) ?? '',
    organizations: valuesOf(ORGANIZATION),
  };
}
