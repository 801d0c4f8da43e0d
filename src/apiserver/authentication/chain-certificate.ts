import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  type AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  type Extension,
  type GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  type Name,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  type TBSCertificate,
  Version,
} from '@peculiar/asn1-x509';
import { checkDer, type ValueBudget } from './der.ts';

/** The properties of a certificate that matter for a chain (RFC 5280), and the identity of its owner. */
export interface ChainCertificate {
  readonly x509: X509Certificate;
  /** Milliseconds since 1970; NaN if it cannot be read. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** An object identifier. */
  readonly signatureAlgorithm: string;
  /** Whether it may sign certificates. */
  readonly isAuthority: boolean;
  /** The maximum number of authorities between this one and the client's certificate. */
  readonly pathLength: number;
  /** Object identifiers; undefined: for every use. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** Object identifiers of extensions that restrict its use in ways that this program does not support. */
  readonly restrictions: readonly string[];
  readonly subject: CertificateSubject;
  /** Encoded names. The subject of an issuer equals the issuer of what it signed, byte for byte. */
  readonly names: { readonly subject: Buffer; readonly issuer: Buffer };
}

export interface CertificateSubject {
  /** Empty if there is none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/**
 * Reads a certificate in DER, as strictly as Go's crypto/x509.
 *
 * @param budget of ASN.1 values; absent: no limit, for trusted certificates
 * @throws {Error} if it is not a certificate, or one that is not well-formed
 */
export function readCertificate(der: Buffer, budget?: ValueBudget): ChainCertificate {
  checkDer(der, budget);
  const x509 = readX509(der);
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate);
  if (!signatureAlgorithm.isEqual(tbsCertificate.signature)) {
    throw new Error('it names two different signature algorithms');
  }
  if (hasExplicitCurve(tbsCertificate)) throw new Error('its key has a curve without a name');
  if (isNegative(tbsCertificate.serialNumber)) throw new Error('its serial number is negative');
  const extensions = readExtensions(tbsCertificate, budget);
  const { basicConstraints } = extensions;
  return {
    x509,
    notBefore: x509.validFromDate.getTime(),
    notAfter: x509.validToDate.getTime(),
    signatureAlgorithm: signatureAlgorithm.algorithm,
    isAuthority: basicConstraints?.cA === true && x509.ca,
    pathLength: basicConstraints?.pathLenConstraint ?? Number.POSITIVE_INFINITY,
    extendedKeyUsage: extensions.extendedKeyUsage && [...extensions.extendedKeyUsage],
    restrictions: extensions.restrictions,
    subject: subjectOf(tbsCertificate.subject),
    names: {
      subject: Buffer.from(AsnConvert.serialize(tbsCertificate.subject)),
      issuer: Buffer.from(AsnConvert.serialize(tbsCertificate.issuer)),
    },
  };
}

function readX509(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    // The message of OpenSSL is misleading: it says that the bytes are not PEM.
    throw new Error('it is not an X.509 certificate, or malformed', { cause });
  }
}

function isNegative(integer: ArrayBuffer): boolean {
  const [first = 0] = new Uint8Array(integer);
  return first >= 0x80;
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const OBJECT_IDENTIFIER_TAG = 0x06;

/** With curve parameters of its own choice, a client could forge signatures. */
function hasExplicitCurve({ subjectPublicKeyInfo: { algorithm } }: TBSCertificate): boolean {
  const [tag] = new Uint8Array(algorithm.parameters ?? new ArrayBuffer(0));
  return algorithm.algorithm === EC_PUBLIC_KEY && tag !== OBJECT_IDENTIFIER_TAG;
}

interface ReadExtensions {
  readonly basicConstraints: BasicConstraints | undefined;
  readonly extendedKeyUsage: ExtendedKeyUsage | undefined;
  readonly restrictions: readonly string[];
}

function readExtensions(
  { version, extensions }: TBSCertificate,
  budget?: ValueBudget,
): ReadExtensions {
  if (![Version.v1, Version.v2, Version.v3].includes(version)) {
    throw new Error(`its version is ${version + 1}, expected 1, 2 or 3`);
  }
  if (extensions !== undefined && version !== Version.v3) {
    throw new Error(`it has extensions, which version ${version + 1} does not have`);
  }
  const present = [...(extensions ?? [])];
  const byOid = Map.groupBy(present, ({ extnID }) => extnID);
  for (const [oid, { length }] of byOid) {
    if (length > 1) throw new Error(`it has the extension ${oid} ${length} times`);
  }
  const read = <T>(oid: string, type: new () => T): T | undefined => {
    const [extension] = byOid.get(oid) ?? [];
    return extension && readExtension(extension, type, budget);
  };

  // These extensions are not used, but must be well-formed.
  read(id_ce_keyUsage, KeyUsage);
  readIdentifiers(byOid, budget);
  const basicConstraints = read(id_ce_basicConstraints, BasicConstraints);
  checkPathLength(basicConstraints);
  const alternativeNames = read(id_ce_subjectAltName, SubjectAlternativeName);
  checkAlternativeNames(alternativeNames);
  return {
    basicConstraints,
    extendedKeyUsage: read(id_ce_extKeyUsage, ExtendedKeyUsage),
    restrictions: present
      .filter((extension) => isRestriction(extension, alternativeNames))
      .map(({ extnID }) => extnID),
  };
}

function readExtension<T>(
  { extnID, extnValue }: Extension,
  type: new () => T,
  budget?: ValueBudget,
): T {
  try {
    checkDer(new Uint8Array(extnValue.buffer), budget);
    return AsnConvert.parse(extnValue, type);
  } catch (cause) {
    throw new Error(`its extension ${extnID} is malformed`, { cause });
  }
}

/** Identifiers of keys are hints; a certificate that depends on them is malformed (RFC 5280, 4.2.1.1). */
function readIdentifiers(
  byOid: ReadonlyMap<string, readonly Extension[]>,
  budget?: ValueBudget,
): void {
  const types = [
    [id_ce_subjectKeyIdentifier, SubjectKeyIdentifier],
    [id_ce_authorityKeyIdentifier, AuthorityKeyIdentifier],
  ] as const;
  for (const [oid, type] of types) {
    for (const extension of byOid.get(oid) ?? []) {
      if (extension.critical) throw new Error(`its extension ${oid} is critical`);
      readExtension<object>(extension, type, budget);
    }
  }
}

function checkPathLength(constraints: BasicConstraints | undefined): void {
  const { pathLenConstraint = 0 } = constraints ?? {};
  if (!Number.isSafeInteger(pathLenConstraint) || pathLenConstraint < 0) {
    throw new Error(`its path length is ${pathLenConstraint}, expected a small number`);
  }
}

/** They are not part of a client's identity, but a certificate with invalid ones is malformed. */
function checkAlternativeNames(names: SubjectAlternativeName | undefined): void {
  for (const { iPAddress, dNSName, rfc822Name, uniformResourceIdentifier } of names ?? []) {
    const texts = [dNSName, rfc822Name, uniformResourceIdentifier];
    const isWellFormed =
      (iPAddress === undefined || isIP(iPAddress) > 0) &&
      texts.every((text) => text === undefined || isAscii(text));
    if (!isWellFormed) throw new Error(`its extension ${id_ce_subjectAltName} is malformed`);
  }
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/**
 * Extensions that may be critical: those evaluated here, and those that do not affect whether a
 * certificate is valid (policies, distribution points of revocation lists).
 */
const SUPPORTED: ReadonlySet<string> = new Set([
  id_ce_keyUsage,
  id_ce_basicConstraints,
  id_ce_cRLDistributionPoints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
]);

function isRestriction(
  { extnID, critical }: Extension,
  alternativeNames: SubjectAlternativeName | undefined,
): boolean {
  // Name constraints restrict what an authority may sign, critical or not.
  if (extnID === id_ce_nameConstraints) return true;
  if (!critical || SUPPORTED.has(extnID)) return false;
  return extnID !== id_ce_subjectAltName || ![...(alternativeNames ?? [])].some(isKnownForm);
}

function isKnownForm(name: GeneralName): boolean {
  const { dNSName, rfc822Name, iPAddress, uniformResourceIdentifier } = name;
  return [dNSName, rfc822Name, iPAddress, uniformResourceIdentifier].some(
    (value) => value !== undefined,
  );
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';

/** Reads the encoded name: in the text form, a value could look like another attribute. */
function subjectOf(name: Name): CertificateSubject {
  const attributes = [...name].flatMap((relativeName) => [...relativeName]);
  const valuesOf = (oid: string): string[] =>
    attributes.filter(({ type }) => type === oid).map(({ value }) => textOf(value));
  return {
    commonName: valuesOf(COMMON_NAME).at(-1) ?? '',
    organizations: valuesOf(ORGANIZATION),
  };
}

/** With the characters * and &, which are not allowed, but common. */
const PRINTABLE_STRING = /^[A-Za-z0-9 '()+,./:=?*&-]*$/;

/** The types of text that Go reads. A name of another type must not become the name of a user. */
function textOf(value: AttributeValue): string {
  const { utf8String, printableString, ia5String, bmpString, teletexString } = value;
  if (printableString !== undefined && !PRINTABLE_STRING.test(printableString)) {
    throw new Error('its subject has a malformed PrintableString');
  }
  const text = utf8String ?? printableString ?? ia5String ?? bmpString ?? teletexString;
  if (text === undefined) throw new Error('its subject has a name that is not text');
  return text;
}
