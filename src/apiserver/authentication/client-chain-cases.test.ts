import { generateKeyPairSync } from 'node:crypto';
import { KeyUsageFlags, Version } from '@peculiar/asn1-x509';
import { describe, expect, it } from 'vitest';
import {
  alternativeNames,
  attributes,
  authorityKeyIdentifier,
  basicConstraints,
  COMMON_NAME,
  extendedKeyUsage,
  extension,
  type ForgedCertificate,
  type ForgerySettings,
  forgeCertificate,
  type KeyPair,
  keyUsage,
  nameConstraints,
  newKeys,
  ORGANIZATION,
  pemOf,
  type SignatureAlgorithm,
  subjectKeyIdentifier,
} from '../../../test/fixtures/forged-certificate.ts';
import { readCertificateBundle } from './certificate-authorities.ts';
import { readCertificate } from './chain-certificate.ts';
import { verifyChain } from './verify-chain.ts';

/**
 * Chains of the kinds that x509-limbo and BetterTLS list, as far as they concern client certificates,
 * and some of our own. Kinds that do not apply: names of servers (SAN and CN against a host name),
 * revocation lists (Kubernetes does not check them either), limits of depth given by the caller.
 */
interface Case {
  readonly name: string;
  /**
   * The result in kube-apiserver, from crypto/x509 and crypto/tls of Go. All chains were run with Go 1.19. If
   * later versions of Go are stricter or more lenient, their source code applies.
   */
  readonly go: 'accepts' | 'refuses';
  /** Why this server rejects it; undefined: accepted. */
  readonly refusal?: string;
  /** Why this server rejects a chain that Go accepts. */
  readonly stricter?: string;
  readonly make: () => Chain;
}

interface Chain {
  /** The certificates that the client sends: its own and the intermediate ones. */
  readonly chain: readonly ForgedCertificate[];
  readonly trusted: readonly ForgedCertificate[];
  /** Milliseconds since 1970; default: now. */
  readonly now?: number;
  /** The user, if it matters. */
  readonly user?: string;
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const UNKNOWN = '1.3.6.1.4.1.55555.1';
const NULL = new Uint8Array([5, 0]);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const CA = basicConstraints({ cA: true });
const SIGNS = keyUsage(KeyUsageFlags.keyCertSign);
const FOR_CLIENTS = extendedKeyUsage([CLIENT_AUTH]);
const PAST = { notBefore: new Date(Date.now() - 3 * DAY), notAfter: new Date(Date.now() - DAY) };
const FUTURE = { notBefore: new Date(Date.now() + DAY), notAfter: new Date(Date.now() + 3 * DAY) };

type Settings = Partial<ForgerySettings>;

const authority = (subject: string, settings: Settings = {}): ForgedCertificate =>
  forgeCertificate({ subject, extensions: [CA, SIGNS], ...settings });

const client = (issuer: ForgedCertificate, settings: Settings = {}): ForgedCertificate =>
  forgeCertificate({ subject: 'alice', issuer, extensions: [FOR_CLIENTS], ...settings });

/** A client of a root with one property. */
const rootWith = (settings: Settings): Chain => {
  const root = authority('root', settings);
  return { chain: [client(root)], trusted: [root] };
};

/** A client of an intermediate authority with one property. */
const intermediateWith = (settings: Settings, leaf: Settings = {}): Chain => {
  const root = authority('root');
  const intermediate = authority('intermediate', { issuer: root, ...settings });
  return { chain: [client(intermediate, leaf), intermediate], trusted: [root] };
};

/** A client with one property. */
const clientWith = (settings: Settings): Chain => {
  const root = authority('root');
  return { chain: [client(root, settings)], trusted: [root] };
};

/** A client below a chain of intermediate authorities, the first of which the root has signed. */
const row = (...intermediates: readonly Settings[]): Chain => {
  const root = authority('root');
  const signed: ForgedCertificate[] = [];
  for (const [index, settings] of intermediates.entries()) {
    const issuer = signed.at(-1) ?? root;
    signed.push(authority(`intermediate ${index}`, { issuer, ...settings }));
  }
  return { chain: [client(signed.at(-1) ?? root), ...signed], trusted: [root] };
};

const upTo = (pathLenConstraint: number): Settings => ({
  extensions: [basicConstraints({ cA: true, pathLenConstraint }), SIGNS],
});

/** Each is generated once, since generating them takes long. */
const keyPairs = new Map<string, KeyPair>();
const kept = (name: string, generate: () => KeyPair): KeyPair => {
  const keys = keyPairs.get(name) ?? generate();
  keyPairs.set(name, keys);
  return keys;
};
const rsaKeys = (modulusLength: number, publicExponent = 65_537): KeyPair =>
  kept(`RSA ${modulusLength} ${publicExponent}`, () =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }),
  );
const dsaKeys = (): KeyPair =>
  kept('DSA', () => generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }));
const RSA_SHA256 = { oid: '1.2.840.113549.1.1.11', hash: 'sha256', hasNullParameters: true };
const RSA_SHA1 = { oid: '1.2.840.113549.1.1.5', hash: 'sha1', hasNullParameters: true };
const RSA_MD5 = { oid: '1.2.840.113549.1.1.4', hash: 'md5', hasNullParameters: true };
const ECDSA_SHA1 = { oid: '1.2.840.10045.4.1', hash: 'sha1' };
const ECDSA_SHA384 = { oid: '1.2.840.10045.4.3.3', hash: 'sha384' };
const ECDSA_SHA512 = { oid: '1.2.840.10045.4.3.4', hash: 'sha512' };
const ED25519 = { oid: '1.3.101.112', hash: null };
const ED448 = { oid: '1.3.101.113', hash: null };
const DSA_SHA256 = { oid: '2.16.840.1.101.3.4.3.2', hash: 'sha256' };

/** A client of a root with a key, signed with an algorithm. */
const signedWith = (keys: ForgerySettings['keys'], signature: SignatureAlgorithm): Chain => {
  const root = authority('root', { ...(keys && { keys }), signature });
  return { chain: [client(root, { signature })], trusted: [root] };
};

/** The certificate with one byte more or less, or another. */
const changed = (
  { der, ...rest }: ForgedCertificate,
  change: (der: Buffer) => Buffer,
): ForgedCertificate => ({ ...rest, der: change(Buffer.from(der)) });

/** Two certificates of an authority with the same key: one by a root that is trusted, one with a fault. */
const alternative = (fault: Settings, order: 'good first' | 'bad first'): Chain => {
  const root = authority('root');
  const keys = newKeys();
  const good = authority('intermediate', { issuer: root, keys });
  const bad = authority('intermediate', { issuer: root, keys, ...fault });
  const both = order === 'good first' ? [good, bad] : [bad, good];
  return { chain: [client(good), ...both], trusted: [root] };
};

const TIMES: readonly Case[] = [
  { name: 'a client that is valid', go: 'accepts', make: () => clientWith({}) },
  {
    name: 'an expired client',
    go: 'refuses',
    refusal: 'it has expired',
    make: () => clientWith(PAST),
  },
  {
    name: 'a client that is not valid yet',
    go: 'refuses',
    refusal: 'it is not valid yet',
    make: () => clientWith(FUTURE),
  },
  {
    name: 'a client whose validity ends before it begins',
    go: 'refuses',
    refusal: 'it is not valid yet',
    make: () => clientWith({ notBefore: FUTURE.notBefore, notAfter: PAST.notAfter }),
  },
  {
    name: 'an expired intermediate authority',
    go: 'refuses',
    refusal: 'issuer "intermediate": it has expired',
    make: () => intermediateWith(PAST),
  },
  {
    name: 'an intermediate authority that is not valid yet',
    go: 'refuses',
    refusal: 'issuer "intermediate": it is not valid yet',
    make: () => intermediateWith(FUTURE),
  },
  {
    name: 'an expired root',
    go: 'refuses',
    refusal: 'issuer "root": it has expired',
    make: () => rootWith(PAST),
  },
  {
    name: 'a root that is not valid yet',
    go: 'refuses',
    refusal: 'issuer "root": it is not valid yet',
    make: () => rootWith(FUTURE),
  },
  ...(
    [
      ['the first moment', 0, undefined],
      ['a millisecond before it', -1, 'it is not valid yet'],
    ] as const
  ).map(([name, offset, refusal]): Case => {
    const notBefore = new Date('2026-05-01T00:00:00Z');
    const make = (): Chain => {
      const root = authority('root', { notBefore: new Date('2026-01-01T00:00:00Z') });
      const now = notBefore.getTime() + offset;
      return { chain: [client(root, { notBefore })], trusted: [root], now };
    };
    return refusal === undefined
      ? { name: `${name} of the validity`, go: 'accepts', make }
      : { name: `${name} of the validity`, go: 'refuses', refusal, make };
  }),
  {
    name: 'the last moment of the validity',
    go: 'accepts',
    make: () => {
      const notAfter = new Date('2100-05-01T00:00:00Z');
      const root = authority('root', { notAfter: new Date('2200-01-01T00:00:00Z') });
      return { chain: [client(root, { notAfter })], trusted: [root], now: notAfter.getTime() };
    },
  },
  {
    name: 'a second after the validity',
    go: 'refuses',
    refusal: 'it has expired',
    make: () => {
      const notAfter = new Date('2100-05-01T00:00:00Z');
      const root = authority('root', { notAfter: new Date('2200-01-01T00:00:00Z') });
      const now = notAfter.getTime() + 1000;
      return { chain: [client(root, { notAfter })], trusted: [root], now };
    },
  },
];

const AUTHORITIES: readonly Case[] = [
  {
    name: 'a root that is not trusted',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => {
      const other = authority('other');
      return { chain: [client(other), other], trusted: [authority('root')] };
    },
  },
  {
    name: 'no authorities at all but the one of another client',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => ({ chain: [client(authority('root'))], trusted: [client(authority('root'))] }),
  },
  {
    name: 'another root with the name of the one that is trusted',
    go: 'refuses',
    refusal: 'issuer "root": the signature is not from its key',
    make: () => ({ chain: [client(authority('root'))], trusted: [authority('root')] }),
  },
  {
    name: 'a self-signed client',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => ({
      chain: [forgeCertificate({ subject: 'alice', extensions: [FOR_CLIENTS] })],
      trusted: [authority('root')],
    }),
  },
  {
    name: 'a self-signed client that is trusted itself',
    go: 'accepts',
    make: () => {
      const alice = forgeCertificate({ subject: 'alice', extensions: [FOR_CLIENTS] });
      return { chain: [alice], trusted: [alice] };
    },
  },
  {
    name: 'an intermediate authority that is trusted, without its root',
    go: 'accepts',
    make: () => {
      const intermediate = authority('intermediate', { issuer: authority('root') });
      return { chain: [client(intermediate)], trusted: [intermediate] };
    },
  },
  {
    name: 'an intermediate authority that the client does not send',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => {
      const { chain, trusted } = intermediateWith({});
      return { chain: chain.slice(0, 1), trusted };
    },
  },
  {
    name: 'root and intermediate authority exchanged',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => {
      const root = authority('root');
      const intermediate = authority('intermediate', { issuer: root });
      return { chain: [client(root), root], trusted: [intermediate] };
    },
  },
  {
    name: 'an authority as the client',
    go: 'accepts',
    make: () => clientWith({ extensions: [CA, SIGNS] }),
  },
  {
    name: 'a root without basic constraints',
    go: 'refuses',
    refusal: 'issuer "root": it may not sign certificates',
    make: () => rootWith({ extensions: [SIGNS] }),
  },
  {
    name: 'a root with basic constraints that are not critical',
    go: 'accepts',
    make: () => rootWith({ extensions: [basicConstraints({ cA: true }, false), SIGNS] }),
  },
  {
    name: 'a root that is no authority by its basic constraints',
    go: 'refuses',
    refusal: 'issuer "root": it may not sign certificates',
    make: () => rootWith({ extensions: [basicConstraints({ cA: false }), SIGNS] }),
  },
  {
    name: 'an intermediate authority without basic constraints',
    go: 'refuses',
    refusal: 'issuer "intermediate": it may not sign certificates',
    make: () => intermediateWith({ extensions: [SIGNS] }),
  },
  {
    name: 'an intermediate authority with basic constraints that are not critical',
    go: 'accepts',
    make: () => intermediateWith({ extensions: [basicConstraints({ cA: true }, false), SIGNS] }),
  },
  {
    name: 'an intermediate authority without the CA bit',
    go: 'refuses',
    refusal: 'issuer "intermediate": it may not sign certificates',
    make: () => intermediateWith({ extensions: [basicConstraints({}), SIGNS] }),
  },
  {
    name: 'a client that signs another',
    go: 'refuses',
    refusal: 'issuer "bob": it may not sign certificates',
    make: () => intermediateWith({ subject: 'bob', extensions: [FOR_CLIENTS] }),
  },
  {
    name: 'an authority without key usage',
    go: 'accepts',
    make: () => intermediateWith({ extensions: [CA] }),
  },
  {
    name: 'an authority whose key usage does not allow signing certificates',
    go: 'refuses',
    refusal: 'issuer "intermediate": it may not sign certificates',
    make: () => intermediateWith({ extensions: [CA, keyUsage(KeyUsageFlags.cRLSign)] }),
  },
  {
    name: 'a root whose key usage does not allow signing certificates',
    go: 'refuses',
    refusal: 'issuer "root": it may not sign certificates',
    make: () => rootWith({ extensions: [CA, keyUsage(KeyUsageFlags.digitalSignature)] }),
  },
  {
    name: 'an authority whose key usage is empty',
    go: 'accepts',
    refusal: 'issuer "intermediate": it may not sign certificates',
    stricter: 'no usage is not every usage (RFC 5280, 4.2.1.3)',
    make: () =>
      intermediateWith({
        extensions: [CA, extension('2.5.29.15', new Uint8Array([3, 1, 0]), true)],
      }),
  },
  {
    name: 'a client whose key usage is to sign certificates',
    go: 'accepts',
    make: () => clientWith({ extensions: [FOR_CLIENTS, SIGNS] }),
  },
  {
    name: 'a client without any extension',
    go: 'accepts',
    make: () => clientWith({ extensions: [] }),
  },
];

const PATH_LENGTHS: readonly Case[] = [
  { name: 'an authority with a path length of 0', go: 'accepts', make: () => row(upTo(0)) },
  {
    name: 'a path length of 0 in a root that signs the client',
    go: 'accepts',
    make: () => rootWith(upTo(0)),
  },
  {
    name: 'an authority below one with a path length of 0',
    go: 'refuses',
    refusal: 'issuer "intermediate 0": its path length is exceeded',
    make: () => row(upTo(0), {}),
  },
  {
    name: 'two authorities below one with a path length of 2',
    go: 'accepts',
    make: () => row(upTo(2), {}, {}),
  },
  {
    name: 'two authorities below one with a path length of 1',
    go: 'refuses',
    refusal: 'issuer "intermediate 0": its path length is exceeded',
    make: () => row(upTo(1), {}, {}),
  },
  {
    name: 'a path length that is larger than that of the issuer',
    go: 'accepts',
    make: () => row(upTo(1), upTo(5)),
  },
  {
    name: 'a path length in a client',
    go: 'accepts',
    make: () =>
      clientWith({ extensions: [basicConstraints({ cA: true, pathLenConstraint: 0 }), SIGNS] }),
  },
  {
    name: 'a self-issued authority below one with a path length of 0',
    go: 'refuses',
    refusal: 'issuer "intermediate 0": its path length is exceeded',
    make: () => row(upTo(0), { subject: 'intermediate 0' }),
  },
  {
    name: 'a path length that is negative',
    go: 'refuses',
    refusal: 'its path length is -1',
    make: () =>
      intermediateWith({
        extensions: [extension('2.5.29.19', Buffer.from('30060101ff0201ff', 'hex'), true), SIGNS],
      }),
  },
  {
    name: 'a path length of 80 bits',
    go: 'refuses',
    refusal: 'its path length is 5997',
    make: () =>
      intermediateWith({
        extensions: [
          extension('2.5.29.19', Buffer.from(`300f0101ff020a7f${'00'.repeat(9)}`, 'hex'), true),
          SIGNS,
        ],
      }),
  },
];

const USES: readonly Case[] = [
  {
    name: 'a client without extended key usage',
    go: 'accepts',
    make: () => clientWith({ extensions: [] }),
  },
  {
    name: 'a certificate for servers only',
    go: 'refuses',
    refusal: 'it is not for TLS clients',
    make: () => clientWith({ extensions: [extendedKeyUsage([SERVER_AUTH])] }),
  },
  {
    name: 'a certificate for servers and clients',
    go: 'accepts',
    make: () => clientWith({ extensions: [extendedKeyUsage([SERVER_AUTH, CLIENT_AUTH])] }),
  },
  {
    name: 'a certificate for any use',
    go: 'accepts',
    make: () => clientWith({ extensions: [extendedKeyUsage(['2.5.29.37.0'])] }),
  },
  {
    name: 'a certificate for an unknown use',
    go: 'refuses',
    refusal: 'it is not for TLS clients',
    make: () => clientWith({ extensions: [extendedKeyUsage([UNKNOWN])] }),
  },
  {
    name: 'extended key usage that is critical',
    go: 'accepts',
    make: () => clientWith({ extensions: [extendedKeyUsage([CLIENT_AUTH], true)] }),
  },
  {
    name: 'extended key usage that is empty',
    go: 'accepts',
    refusal: 'it is not for TLS clients',
    stricter: 'no use is not every use, and the list must not be empty (RFC 5280, 4.2.1.12)',
    make: () => clientWith({ extensions: [extension('2.5.29.37', new Uint8Array([0x30, 0]))] }),
  },
  {
    name: 'extended key usage that is malformed',
    go: 'refuses',
    refusal: 'its extension 2.5.29.37 is malformed',
    make: () => clientWith({ extensions: [extension('2.5.29.37', NULL)] }),
  },
  {
    name: 'an intermediate authority for servers only',
    go: 'refuses',
    refusal: 'issuer "intermediate": it is not for TLS clients',
    make: () => intermediateWith({ extensions: [CA, SIGNS, extendedKeyUsage([SERVER_AUTH])] }),
  },
  {
    name: 'an intermediate authority for clients',
    go: 'accepts',
    make: () => intermediateWith({ extensions: [CA, SIGNS, FOR_CLIENTS] }),
  },
  {
    name: 'a root for servers only',
    go: 'refuses',
    refusal: 'issuer "root": it is not for TLS clients',
    make: () => rootWith({ extensions: [CA, SIGNS, extendedKeyUsage([SERVER_AUTH])] }),
  },
  {
    name: 'a trusted client certificate for servers only',
    go: 'refuses',
    refusal: 'it is not for TLS clients',
    make: () => {
      const alice = forgeCertificate({
        subject: 'alice',
        extensions: [extendedKeyUsage([SERVER_AUTH])],
      });
      return { chain: [alice], trusted: [alice] };
    },
  },
];

const UNSUPPORTED = 'is not supported';
const STRICT_NAMES =
  'a user of Kubernetes is the subject, which Go does not compare with name constraints';

const EXTENSIONS: readonly Case[] = [
  {
    name: 'a client with an unknown critical extension',
    go: 'refuses',
    refusal: `its extension ${UNKNOWN} ${UNSUPPORTED}`,
    make: () => clientWith({ extensions: [extension(UNKNOWN, NULL, true)] }),
  },
  {
    name: 'a client with an unknown extension that is not critical',
    go: 'accepts',
    make: () => clientWith({ extensions: [extension(UNKNOWN, NULL)] }),
  },
  {
    name: 'an intermediate authority with an unknown critical extension',
    go: 'refuses',
    refusal: `issuer "intermediate": its extension ${UNKNOWN} ${UNSUPPORTED}`,
    make: () => intermediateWith({ extensions: [CA, SIGNS, extension(UNKNOWN, NULL, true)] }),
  },
  {
    name: 'a root with an unknown critical extension',
    go: 'refuses',
    refusal: `issuer "root": its extension ${UNKNOWN} ${UNSUPPORTED}`,
    make: () => rootWith({ extensions: [CA, SIGNS, extension(UNKNOWN, NULL, true)] }),
  },
  {
    name: 'another root with an unknown critical extension',
    go: 'accepts',
    make: () => {
      const { chain, trusted } = clientWith({});
      const odd = authority('odd', { extensions: [CA, extension(UNKNOWN, NULL, true)] });
      return { chain, trusted: [odd, ...trusted] };
    },
  },
  {
    name: 'another authority, sent along, with an unknown critical extension',
    go: 'accepts',
    make: () => {
      const { chain, trusted } = intermediateWith({});
      const odd = authority('odd', { extensions: [CA, extension(UNKNOWN, NULL, true)] });
      return { chain: [...chain, odd], trusted };
    },
  },
  {
    name: 'an extension that occurs twice',
    go: 'refuses',
    refusal: 'it has the extension 2.5.29.37 2 times',
    make: () => clientWith({ extensions: [extendedKeyUsage([SERVER_AUTH]), FOR_CLIENTS] }),
  },
  {
    name: 'basic constraints that occur twice in an authority',
    go: 'refuses',
    refusal: 'it has the extension 2.5.29.19 2 times',
    make: () => intermediateWith({ extensions: [CA, basicConstraints({ cA: false }), SIGNS] }),
  },
  {
    name: 'an unknown extension that occurs twice in a root',
    go: 'refuses',
    refusal: `it has the extension ${UNKNOWN} 2 times`,
    make: () =>
      rootWith({ extensions: [CA, SIGNS, extension(UNKNOWN, NULL), extension(UNKNOWN, NULL)] }),
  },
  {
    name: 'policy constraints that are not critical',
    go: 'accepts',
    make: () =>
      intermediateWith({
        extensions: [CA, SIGNS, extension('2.5.29.36', Buffer.from('3003800100', 'hex'))],
      }),
  },
  {
    name: 'policy constraints that are critical',
    go: 'accepts',
    refusal: `issuer "intermediate": its extension 2.5.29.36 ${UNSUPPORTED}`,
    stricter: 'policies are not evaluated, so a certificate that requires this is refused',
    make: () =>
      intermediateWith({
        extensions: [CA, SIGNS, extension('2.5.29.36', Buffer.from('3003810100', 'hex'), true)],
      }),
  },
  {
    name: 'authority information access that is critical',
    go: 'refuses',
    refusal: `its extension 1.3.6.1.5.5.7.1.1 ${UNSUPPORTED}`,
    make: () =>
      clientWith({ extensions: [extension('1.3.6.1.5.5.7.1.1', new Uint8Array([0x30, 0]), true)] }),
  },
  {
    name: 'name constraints that permit the name of the client',
    go: 'accepts',
    refusal: `issuer "intermediate": its extension 2.5.29.30 ${UNSUPPORTED}`,
    stricter: STRICT_NAMES,
    make: () =>
      intermediateWith(
        { extensions: [CA, SIGNS, nameConstraints([{ dNSName: 'example.com' }])] },
        { extensions: [FOR_CLIENTS, alternativeNames([{ dNSName: 'alice.example.com' }])] },
      ),
  },
  {
    name: 'name constraints that do not permit the name of the client',
    go: 'refuses',
    refusal: `issuer "intermediate": its extension 2.5.29.30 ${UNSUPPORTED}`,
    make: () =>
      intermediateWith(
        { extensions: [CA, SIGNS, nameConstraints([{ dNSName: 'example.com' }])] },
        { extensions: [FOR_CLIENTS, alternativeNames([{ dNSName: 'alice.example.org' }])] },
      ),
  },
  {
    name: 'name constraints that exclude the address of the client',
    go: 'refuses',
    refusal: `issuer "intermediate": its extension 2.5.29.30 ${UNSUPPORTED}`,
    make: () =>
      intermediateWith(
        { extensions: [CA, SIGNS, nameConstraints([], [{ iPAddress: '192.0.2.0/24' }])] },
        { extensions: [FOR_CLIENTS, alternativeNames([{ iPAddress: '192.0.2.1' }])] },
      ),
  },
  {
    name: 'name constraints that exclude the subject of the client',
    go: 'refuses',
    refusal: `issuer "intermediate": its extension 2.5.29.30 ${UNSUPPORTED}`,
    make: () =>
      intermediateWith({
        extensions: [
          CA,
          SIGNS,
          nameConstraints(
            [],
            [{ directoryName: attributes([COMMON_NAME, { utf8String: 'alice' }]) }],
          ),
        ],
      }),
  },
  {
    name: 'name constraints that are not critical, of a form that the client does not have',
    go: 'accepts',
    refusal: `issuer "intermediate": its extension 2.5.29.30 ${UNSUPPORTED}`,
    stricter: STRICT_NAMES,
    make: () =>
      intermediateWith({
        extensions: [CA, SIGNS, nameConstraints([{ dNSName: 'example.com' }], [], false)],
      }),
  },
  {
    name: 'name constraints in a root',
    go: 'accepts',
    refusal: `issuer "root": its extension 2.5.29.30 ${UNSUPPORTED}`,
    stricter: STRICT_NAMES,
    make: () =>
      rootWith({ extensions: [CA, SIGNS, nameConstraints([{ dNSName: 'example.com' }])] }),
  },
  {
    name: 'name constraints in a client',
    go: 'accepts',
    refusal: `its extension 2.5.29.30 ${UNSUPPORTED}`,
    stricter: 'only authorities have name constraints (RFC 5280, 4.2.1.10)',
    make: () =>
      clientWith({ extensions: [FOR_CLIENTS, nameConstraints([{ dNSName: 'example.com' }])] }),
  },
];

const IDENTIFIER = Buffer.from('0123456789abcdef0123', 'hex');
const OTHER_IDENTIFIER = Buffer.from('ffffffffffffffffffff', 'hex');

const KEY_IDENTIFIERS: readonly Case[] = [
  {
    name: 'identifiers of keys that match',
    go: 'accepts',
    make: () =>
      intermediateWith(
        { extensions: [CA, SIGNS, subjectKeyIdentifier(IDENTIFIER)] },
        { extensions: [FOR_CLIENTS, authorityKeyIdentifier(IDENTIFIER)] },
      ),
  },
  {
    name: 'an authority key identifier that is not that of the issuer',
    go: 'accepts',
    refusal: 'issuer "intermediate": the identifier of its key is not the expected one',
    stricter:
      'OpenSSL compares them as RFC 5280 describes; Go uses them for the order of the search only',
    make: () =>
      intermediateWith(
        { extensions: [CA, SIGNS, subjectKeyIdentifier(IDENTIFIER)] },
        { extensions: [FOR_CLIENTS, authorityKeyIdentifier(OTHER_IDENTIFIER)] },
      ),
  },
  {
    name: 'an authority key identifier of an issuer without identifier',
    go: 'accepts',
    make: () => intermediateWith({}, { extensions: [authorityKeyIdentifier(IDENTIFIER)] }),
  },
  {
    name: 'an authority key identifier that is critical',
    go: 'refuses',
    refusal: 'its extension 2.5.29.35 is critical',
    make: () => clientWith({ extensions: [authorityKeyIdentifier(IDENTIFIER, true)] }),
  },
  {
    name: 'a subject key identifier that is critical',
    go: 'refuses',
    refusal: 'its extension 2.5.29.14 is critical',
    make: () =>
      intermediateWith({ extensions: [CA, SIGNS, subjectKeyIdentifier(IDENTIFIER, true)] }),
  },
  {
    name: 'an authority key identifier that is malformed',
    go: 'refuses',
    refusal: 'its extension 2.5.29.35 is malformed',
    make: () => clientWith({ extensions: [extension('2.5.29.35', NULL)] }),
  },
];

const ISSUER_NAMES: readonly Case[] = [
  {
    name: 'another issuer than the one whose key has signed',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => clientWith({ issuerName: 'unknown' }),
  },
  {
    name: 'an issuer in another case',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => clientWith({ issuerName: 'Root' }),
  },
  {
    name: 'an issuer with more spaces',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => clientWith({ issuerName: ' root ' }),
  },
  {
    name: 'an issuer in another type of text',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => clientWith({ issuerName: attributes([COMMON_NAME, { printableString: 'root' }]) }),
  },
  {
    name: 'an issuer with an empty name',
    go: 'accepts',
    make: () => rootWith({ subject: '' }),
  },
  {
    name: 'an empty issuer of a root with a name',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => clientWith({ issuerName: '' }),
  },
];

const NO_DSA = 'its public key is of type dsa';

const SIGNATURES: readonly Case[] = [
  {
    name: 'ECDSA with SHA-384',
    go: 'accepts',
    make: () => signedWith(newKeys('secp384r1'), ECDSA_SHA384),
  },
  {
    name: 'ECDSA with SHA-512',
    go: 'accepts',
    make: () => signedWith(newKeys('secp521r1'), ECDSA_SHA512),
  },
  { name: 'RSA with SHA-256', go: 'accepts', make: () => signedWith(rsaKeys(2048), RSA_SHA256) },
  {
    name: 'Ed25519',
    go: 'accepts',
    make: () => signedWith(generateKeyPairSync('ed25519'), ED25519),
  },
  {
    name: 'RSA with MD5',
    go: 'refuses',
    refusal: 'the signature algorithm 1.2.840.113549.1.1.4',
    make: () => signedWith(rsaKeys(2048), RSA_MD5),
  },
  {
    name: 'RSA with SHA-1',
    go: 'refuses',
    refusal: 'the signature algorithm 1.2.840.113549.1.1.5',
    make: () => signedWith(rsaKeys(2048), RSA_SHA1),
  },
  {
    name: 'ECDSA with SHA-1',
    go: 'refuses',
    refusal: 'the signature algorithm 1.2.840.10045.4.1',
    make: () => signedWith(newKeys(), ECDSA_SHA1),
  },
  {
    name: 'a root that has signed itself with SHA-1',
    go: 'accepts',
    make: () => rootWith({ signature: ECDSA_SHA1 }),
  },
  {
    name: 'DSA',
    go: 'refuses',
    refusal: 'the signature algorithm 2.16.840.1.101.3.4.3.2',
    make: () => signedWith(dsaKeys(), DSA_SHA256),
  },
  {
    name: 'Ed448',
    go: 'refuses',
    refusal: 'the signature algorithm 1.3.101.113',
    make: () => signedWith(generateKeyPairSync('ed448'), ED448),
  },
  {
    name: 'a signature with another key',
    go: 'refuses',
    refusal: 'issuer "root": the signature is not from its key',
    make: () => clientWith({ signedBy: newKeys() }),
  },
  {
    name: 'a signature of which a bit is changed',
    go: 'refuses',
    refusal: 'issuer "root": the signature is not from its key',
    make: () => {
      const root = authority('root');
      const alice = changed(client(root), (der) => {
        der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
        return der;
      });
      return { chain: [alice], trusted: [root] };
    },
  },
  {
    name: 'a subject that is changed after the signature',
    go: 'refuses',
    refusal: 'issuer "root": the signature is not from its key',
    make: () => {
      const root = authority('root');
      const admin = changed(client(root), (der) => {
        der.write('admin', der.indexOf('alice'));
        return der;
      });
      return { chain: [admin], trusted: [root] };
    },
  },
  {
    name: 'two different signature algorithms',
    go: 'refuses',
    refusal: 'it names two different signature algorithms',
    make: () => clientWith({ innerSignature: ECDSA_SHA384 }),
  },
];

const STRICT_RSA = 'RSA keys of less than 2048 bits may be factored (NIST SP 800-131A)';

const KEYS: readonly Case[] = [
  {
    name: 'a client with an RSA key of 1024 bits',
    go: 'accepts',
    refusal: 'its RSA key has 1024 bits, expected at least 2048',
    stricter: STRICT_RSA,
    make: () => clientWith({ keys: rsaKeys(1024) }),
  },
  {
    name: 'a client with an RSA key of 2048 bits',
    go: 'accepts',
    make: () => clientWith({ keys: rsaKeys(2048) }),
  },
  {
    name: 'an intermediate authority with an RSA key of 1024 bits',
    go: 'accepts',
    refusal: 'issuer "intermediate": its RSA key has 1024 bits, expected at least 2048',
    stricter: STRICT_RSA,
    make: () => intermediateWith({ keys: rsaKeys(1024) }, { signature: RSA_SHA256 }),
  },
  {
    name: 'a root with an RSA key of 1024 bits',
    go: 'accepts',
    refusal: 'issuer "root": its RSA key has 1024 bits, expected at least 2048',
    stricter: STRICT_RSA,
    make: () => signedWith(rsaKeys(1024), RSA_SHA256),
  },
  {
    name: 'a root with an RSA key of 2047 bits',
    go: 'accepts',
    refusal: 'issuer "root": its RSA key has 2047 bits, expected at least 2048',
    stricter: STRICT_RSA,
    make: () => signedWith(rsaKeys(2047), RSA_SHA256),
  },
  {
    name: 'a root with an RSA key of 2049 bits',
    go: 'accepts',
    make: () => signedWith(rsaKeys(2049), RSA_SHA256),
  },
  {
    name: 'an RSA key with the exponent 3',
    go: 'accepts',
    make: () => signedWith(rsaKeys(2048, 3), RSA_SHA256),
  },
  {
    name: 'a client with a DSA key',
    go: 'refuses',
    refusal: NO_DSA,
    make: () => clientWith({ keys: dsaKeys() }),
  },
  {
    name: 'a client with a key on P-192',
    go: 'refuses',
    refusal: 'its key is on the curve prime192v1',
    make: () => clientWith({ keys: newKeys('prime192v1') }),
  },
  {
    name: 'a root with a key on P-192',
    go: 'refuses',
    refusal: 'issuer "root": its key is on the curve prime192v1',
    make: () => rootWith({ keys: newKeys('prime192v1') }),
  },
  {
    name: 'a client with a key on secp256k1',
    go: 'refuses',
    refusal: 'its key is on the curve secp256k1',
    make: () => clientWith({ keys: newKeys('secp256k1') }),
  },
  {
    name: 'an intermediate authority with a key on brainpoolP256r1',
    go: 'refuses',
    refusal: 'issuer "intermediate": its key is on the curve brainpoolP256r1',
    make: () => intermediateWith({ keys: newKeys('brainpoolP256r1') }),
  },
  {
    name: 'a client with a key on a curve with explicit parameters',
    go: 'refuses',
    refusal: 'its key has a curve without a name',
    make: () =>
      clientWith({
        keys: generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' }),
      }),
  },
  {
    name: 'a client with an Ed25519 key',
    go: 'accepts',
    make: () => clientWith({ keys: generateKeyPairSync('ed25519') }),
  },
];

const FORMS: readonly Case[] = [
  {
    name: 'a client of version 1',
    go: 'accepts',
    make: () => {
      const root = authority('root');
      const alice = forgeCertificate({ subject: 'alice', issuer: root, version: Version.v1 });
      return { chain: [alice], trusted: [root] };
    },
  },
  {
    name: 'a root of version 1',
    go: 'accepts',
    refusal: 'issuer "root": it may not sign certificates',
    stricter: 'without basic constraints, nothing says that it may sign (RFC 5280, 6.1.4)',
    make: () => {
      const root = forgeCertificate({ subject: 'root', version: Version.v1 });
      return { chain: [client(root)], trusted: [root] };
    },
  },
  {
    name: 'an intermediate authority of version 1',
    go: 'refuses',
    refusal: 'issuer "intermediate": it may not sign certificates',
    make: () => {
      const root = authority('root');
      const intermediate = forgeCertificate({
        subject: 'intermediate',
        issuer: root,
        version: Version.v1,
      });
      return { chain: [client(intermediate), intermediate], trusted: [root] };
    },
  },
  {
    name: 'extensions in version 1',
    go: 'accepts',
    refusal: 'it has extensions, which version 1 does not have',
    stricter: 'Go ignores these extensions, also critical ones',
    make: () => clientWith({ version: Version.v1 }),
  },
  {
    name: 'a serial number of 0',
    go: 'accepts',
    make: () => clientWith({ serial: [0] }),
  },
  {
    name: 'a negative serial number',
    go: 'refuses',
    refusal: 'its serial number is negative',
    make: () => clientWith({ serial: [0x80] }),
  },
  {
    name: 'a serial number of 21 bytes',
    go: 'accepts',
    make: () => clientWith({ serial: Array.from({ length: 21 }, () => 0x7f) }),
  },
  {
    name: 'a serial number of 1000 bytes',
    go: 'accepts',
    make: () => clientWith({ serial: Array.from({ length: 1000 }, () => 0x7f) }),
  },
  {
    name: 'bytes after the certificate',
    go: 'refuses',
    refusal: 'it is not encoded in DER',
    make: () => {
      const root = authority('root');
      return {
        chain: [changed(client(root), (der) => Buffer.concat([der, Buffer.from(NULL)]))],
        trusted: [root],
      };
    },
  },
  {
    name: 'bytes after a root',
    go: 'refuses',
    refusal: 'it is not encoded in DER',
    make: () => {
      const root = authority('root');
      const longer = changed(root, (der) => Buffer.concat([der, Buffer.from(NULL)]));
      return { chain: [client(root)], trusted: [longer] };
    },
  },
  {
    name: 'an indefinite length',
    go: 'refuses',
    refusal: 'it is not encoded in DER',
    make: () => {
      const root = authority('root');
      const indefinite = changed(client(root), (der) =>
        Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.from([0, 0])]),
      );
      return { chain: [indefinite], trusted: [root] };
    },
  },
  {
    name: 'an extension value in the indefinite form',
    go: 'refuses',
    refusal: 'its extension 2.5.29.37 is malformed',
    make: () => {
      const value = Buffer.from(`308006082b060105050703020000`, 'hex');
      return clientWith({ extensions: [extension('2.5.29.37', value)] });
    },
  },
];

const SUBJECTS: readonly Case[] = [
  {
    name: 'an empty subject',
    go: 'accepts',
    make: () => ({ ...clientWith({ subject: '' }), user: '' }),
  },
  {
    name: 'a common name with a NUL',
    go: 'accepts',
    make: () => ({ ...clientWith({ subject: 'admin\0.example' }), user: 'admin\0.example' }),
  },
  {
    name: 'several common names: the last counts',
    go: 'accepts',
    make: () => ({
      ...clientWith({
        subject: attributes(
          [COMMON_NAME, { utf8String: 'admin' }],
          [ORGANIZATION, { utf8String: 'shop' }],
          [COMMON_NAME, { utf8String: 'alice' }],
        ),
      }),
      user: 'alice',
    }),
  },
  {
    name: 'a common name that is not text',
    go: 'accepts',
    refusal: 'its subject has a name that is not text',
    stricter: 'Go up to 1.19 refuses it as well; later versions ignore the name',
    make: () => {
      const commonNames = attributes(
        [COMMON_NAME, { utf8String: 'alice' }],
        [COMMON_NAME, { universalString: 'admin' }],
      );
      return clientWith({ subject: commonNames });
    },
  },
  {
    name: 'a common name in BMPString',
    go: 'accepts',
    make: () => ({
      ...clientWith({ subject: attributes([COMMON_NAME, { bmpString: 'alice' }]) }),
      user: 'alice',
    }),
  },
  {
    name: 'a common name in PrintableString with a character that it does not have',
    go: 'refuses',
    refusal: 'its subject has a malformed PrintableString',
    make: () => clientWith({ subject: attributes([COMMON_NAME, { printableString: 'a@b' }]) }),
  },
];

const ALTERNATIVE_NAMES: readonly Case[] = [
  ...(
    [
      ['a DNS name', { dNSName: 'alice.example.com' }],
      ['a wildcard', { dNSName: '*.example.com' }],
      ['a name with an underscore', { dNSName: 'al_ice.example.com' }],
      ['an address as DNS name', { dNSName: '192.0.2.1' }],
      ['an IPv4 address', { iPAddress: '192.0.2.1' }],
      ['an IPv6 address', { iPAddress: '2001:db8::1' }],
      ['an email address', { rfc822Name: 'alice@example.com' }],
      ['a SPIFFE URI', { uniformResourceIdentifier: 'spiffe://example.com/alice' }],
    ] as const
  ).map(
    ([form, name]): Case => ({
      name: `${form} that is critical`,
      go: 'accepts',
      make: () => ({
        ...clientWith({ extensions: [FOR_CLIENTS, alternativeNames([name], true)] }),
        user: 'alice',
      }),
    }),
  ),
  {
    name: 'a directory name that is critical, and no other name',
    go: 'refuses',
    refusal: `its extension 2.5.29.17 ${UNSUPPORTED}`,
    make: () =>
      clientWith({
        extensions: [
          alternativeNames(
            [{ directoryName: attributes([COMMON_NAME, { utf8String: 'admin' }]) }],
            true,
          ),
        ],
      }),
  },
  {
    name: 'a directory name that is not critical',
    go: 'accepts',
    make: () => ({
      ...clientWith({
        extensions: [
          alternativeNames([{ directoryName: attributes([COMMON_NAME, { utf8String: 'admin' }]) }]),
        ],
      }),
      user: 'alice',
    }),
  },
  {
    name: 'an address of five bytes',
    go: 'refuses',
    refusal: 'its extension 2.5.29.17 is malformed',
    make: () =>
      clientWith({
        extensions: [extension('2.5.29.17', Buffer.from('3007870501020304ff', 'hex'))],
      }),
  },
  {
    name: 'a DNS name with a byte that is not ASCII',
    go: 'refuses',
    refusal: 'its extension 2.5.29.17 is malformed',
    make: () =>
      clientWith({
        extensions: [extension('2.5.29.17', Buffer.from('3003820180', 'hex'))],
      }),
  },
  {
    name: 'alternative names that are malformed',
    go: 'refuses',
    refusal: 'its extension 2.5.29.17 is malformed',
    make: () => clientWith({ extensions: [extension('2.5.29.17', NULL)] }),
  },
];

/** One authority certified by another, and the other way round. */
const crossSigned = (): {
  one: ForgedCertificate;
  two: ForgedCertificate;
  loop: ForgedCertificate;
} => {
  const one = authority('one');
  const two = authority('two', { issuer: one });
  return { one, two, loop: authority('one', { issuer: two, keys: one.keys }) };
};

const PATHS: readonly Case[] = [
  {
    name: 'two authorities that have signed each other, without a root',
    go: 'refuses',
    refusal: 'no trusted authority has signed it',
    make: () => {
      const { one, two, loop } = crossSigned();
      return { chain: [client(one), two, loop], trusted: [authority('root')] };
    },
  },
  {
    name: 'two authorities that have signed each other, one of which the root has signed as well',
    go: 'accepts',
    make: () => {
      const root = authority('root');
      const { one, two, loop } = crossSigned();
      const bridge = authority('two', { issuer: root, keys: two.keys });
      return { chain: [client(one), two, loop, bridge], trusted: [root] };
    },
  },
  {
    name: 'an authority that two roots have signed, of which one is trusted',
    go: 'accepts',
    make: () => {
      const [trusted, other] = [authority('root'), authority('other')];
      const keys = newKeys();
      const byOther = authority('intermediate', { issuer: other, keys });
      const byTrusted = authority('intermediate', { issuer: trusted, keys });
      return { chain: [client(byOther), byOther, byTrusted], trusted: [trusted] };
    },
  },
  {
    name: 'a root that another root has signed, where the other is trusted',
    go: 'accepts',
    make: () => {
      const [old, young] = [authority('old'), authority('young')];
      const crossed = authority('young', { issuer: old, keys: young.keys });
      return { chain: [client(young), crossed, young], trusted: [old] };
    },
  },
  ...(
    [
      ['expired', PAST, 'accepts'],
      ['for servers only', { extensions: [CA, SIGNS, extendedKeyUsage([SERVER_AUTH])] }, 'accepts'],
      ['without basic constraints', { extensions: [SIGNS] }, 'accepts'],
      ['not an authority', { extensions: [basicConstraints({}), SIGNS] }, 'accepts'],
      ['signed with SHA-1', { signature: ECDSA_SHA1 }, 'accepts'],
      [
        'with name constraints',
        { extensions: [CA, SIGNS, nameConstraints([{ dNSName: 'a' }])] },
        'accepts',
      ],
      ['signed with another key', { signedBy: newKeys() }, 'accepts'],
    ] as const
  ).flatMap(([fault, settings, go]) =>
    (['good first', 'bad first'] as const).map(
      (order): Case => ({
        name: `a second certificate of the authority that is ${fault}, ${order}`,
        go,
        make: () => alternative(settings, order),
      }),
    ),
  ),
  {
    name: 'a path that ends nowhere, and one that does not',
    go: 'accepts',
    make: () => {
      const root = authority('root');
      const keys = newKeys();
      const deadEnd = authority('intermediate', { issuer: authority('nowhere'), keys });
      const good = authority('intermediate', { issuer: root, keys });
      return { chain: [client(good), deadEnd, good], trusted: [root] };
    },
  },
  {
    name: 'eight intermediate authorities',
    go: 'accepts',
    make: () => row(...Array.from({ length: 8 }, () => ({}))),
  },
  {
    name: 'intermediate authorities in the reverse order',
    go: 'accepts',
    make: () => {
      const { chain, trusted } = row({}, {}, {});
      const [leaf, ...rest] = chain;
      return { chain: leaf ? [leaf, ...rest.toReversed()] : [], trusted };
    },
  },
  {
    name: 'eighteen intermediate authorities',
    go: 'accepts',
    refusal: 'more than 16 signatures to verify',
    stricter: 'verifying takes CPU time before a client is authenticated; real chains have up to 4',
    make: () => row(...Array.from({ length: 18 }, () => ({}))),
  },
  {
    name: 'fifty authorities of the same name and key',
    go: 'refuses',
    refusal: 'more than 16 signatures to verify',
    make: () => {
      const other = authority('same');
      const copies = Array.from({ length: 50 }, (_, index) =>
        authority('same', { issuer: other, keys: other.keys, serial: [index + 1] }),
      );
      return { chain: [client(other), ...copies], trusted: [authority('root')] };
    },
  },
  {
    name: 'fifty authorities of the same name with different keys',
    go: 'refuses',
    refusal: 'more than 16 signatures to verify',
    make: () => {
      const other = authority('same');
      const others = Array.from({ length: 50 }, () => authority('same'));
      return { chain: [client(other), ...others], trusted: [authority('root')] };
    },
  },
];

const GROUPS = {
  'times of validity': TIMES,
  'authorities and key usage': AUTHORITIES,
  'path lengths': PATH_LENGTHS,
  'extended key usage': USES,
  'extensions and name constraints': EXTENSIONS,
  'identifiers of keys': KEY_IDENTIFIERS,
  'names of issuers': ISSUER_NAMES,
  signatures: SIGNATURES,
  'public keys': KEYS,
  'versions, serial numbers and encoding': FORMS,
  subjects: SUBJECTS,
  'subject alternative names': ALTERNATIVE_NAMES,
  paths: PATHS,
};

/** The user, or why the chain is rejected, starting from the encoded certificates. */
function judge({ chain, trusted, now = Date.now() }: Chain): { user?: string; why?: string } {
  try {
    const [leaf, ...intermediates] = chain.map(({ der }) => readCertificate(der));
    if (leaf === undefined) throw new Error('a chain has at least one certificate');
    const bundle = readCertificateBundle('trusted', trusted.map(pemOf).join(''));
    const verdict = verifyChain({ leaf, intermediates }, bundle, now);
    return verdict.valid ? { user: leaf.subject.commonName } : { why: verdict.why };
  } catch (error) {
    return { why: String(error) };
  }
}

describe.each(Object.entries(GROUPS))('client chains: %s', (_, cases) => {
  it.each(cases)('$name', ({ refusal, make }) => {
    const chain = make();
    const { user, why } = judge(chain);
    if (refusal === undefined) {
      expect(why).toBeUndefined();
      if (chain.user !== undefined) expect(user).toBe(chain.user);
    } else {
      expect(user).toBeUndefined();
      expect(why).toContain(refusal);
    }
  });

  it('accepts nothing that Go rejects, and has a reason for each stricter result', () => {
    for (const { name, go, refusal, stricter } of cases) {
      if (go === 'refuses') expect(refusal, name).toBeDefined();
      expect(stricter !== undefined, name).toBe(go === 'accepts' && refusal !== undefined);
    }
  });
});
