import { KeyUsageFlags } from '@peculiar/asn1-x509';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  basicConstraints,
  extendedKeyUsage,
  type ForgedCertificate,
  type ForgerySettings,
  forgeCertificate,
  keyUsage,
  nameConstraints,
  newKeys,
} from '../../../test/fixtures/forged-certificate.ts';
import { readCertificate } from './chain-certificate.ts';
import { verifyChain } from './verify-chain.ts';

const CA = basicConstraints({ cA: true });
const SIGNS = keyUsage(KeyUsageFlags.keyCertSign);
const DAY = 86_400_000;

/** The reasons for which BetterTLS makes a certificate of a path invalid, and none. */
const FAULTS: Readonly<Record<string, Partial<ForgerySettings>>> = {
  none: {},
  expired: { notBefore: new Date(Date.now() - 2 * DAY), notAfter: new Date(Date.now() - DAY) },
  'for servers only': { extensions: [CA, SIGNS, extendedKeyUsage(['1.3.6.1.5.5.7.3.1'])] },
  'without basic constraints': { extensions: [SIGNS] },
  'not an authority': { extensions: [basicConstraints({ cA: false }), SIGNS] },
  'with name constraints': {
    extensions: [CA, SIGNS, nameConstraints([{ dNSName: 'example.com' }])],
  },
  'with SHA-1': { signature: { oid: '1.2.840.10045.4.1', hash: 'sha1' } },
  'signed with another key': { signedBy: newKeys() },
};

const AUTHORITIES = 4;
const roots = Array.from({ length: AUTHORITIES }, (_, index) =>
  forgeCertificate({ subject: `authority ${index}`, extensions: [CA, SIGNS] }),
);

/** A certificate of one authority, by another. */
interface Edge {
  readonly issuer: number;
  readonly subject: number;
  readonly fault: string;
}

interface Graph {
  readonly edges: readonly Edge[];
  /** The authorities that are trusted. */
  readonly trusted: readonly number[];
  /** The authority that has signed the client. */
  readonly signer: number;
}

const index = fc.nat(AUTHORITIES - 1);
const graphs: fc.Arbitrary<Graph> = fc.record({
  edges: fc.array(
    fc.record({
      issuer: index,
      subject: index,
      fault: fc.oneof(fc.constant('none'), fc.constantFrom(...Object.keys(FAULTS))),
    }),
    { maxLength: 8 },
  ),
  trusted: fc.uniqueArray(index, { minLength: 1, maxLength: 2 }),
  signer: index,
});

function rootOf(authority: number): ForgedCertificate {
  const root = roots[authority];
  if (root === undefined) throw new Error(`there is no authority ${authority}`);
  return root;
}

function certificateOf({ issuer, subject, fault }: Edge): ForgedCertificate {
  return forgeCertificate({
    ...{ subject: rootOf(subject).subject, keys: rootOf(subject).keys, issuer: rootOf(issuer) },
    extensions: [CA, SIGNS],
    ...FAULTS[fault],
  });
}

/** Each is generated once: all graphs consist of the same certificates. */
const certificates = new Map<string, ReturnType<typeof readCertificate>>();

function readEdge(edge: Edge): ReturnType<typeof readCertificate> {
  const key = `${edge.issuer} ${edge.subject} ${edge.fault}`;
  const certificate = certificates.get(key) ?? readCertificate(certificateOf(edge).der);
  certificates.set(key, certificate);
  return certificate;
}

function verify({ edges, trusted, signer }: Graph): ReturnType<typeof verifyChain> {
  const client = forgeCertificate({
    ...{ subject: 'alice', issuer: rootOf(signer), extensions: [] },
  });
  const intermediates = edges.map(readEdge);
  const authorities = trusted.map((authority) => readCertificate(rootOf(authority).der));
  return verifyChain(
    { leaf: readCertificate(client.der), intermediates },
    { authorities },
    Date.now(),
  );
}

/** Whether valid certificates lead from the signer of the client to a trusted authority. */
function isReachable({ edges, trusted, signer }: Graph): boolean {
  const reached = new Set([signer]);
  for (let round = 0; round < AUTHORITIES; round += 1) {
    for (const { issuer, subject, fault } of edges) {
      if (fault === 'none' && reached.has(subject)) reached.add(issuer);
    }
  }
  return trusted.some((authority) => reached.has(authority));
}

describe('the search for a chain', () => {
  it('finds a path through any graph of authorities if there is one, and only then', () => {
    let [found, missed, cut] = [0, 0, 0];
    fc.assert(
      fc.property(graphs, (graph) => {
        const verdict = verify(graph);
        // The limit of signatures may end the search early.
        const isCut = !verdict.valid && verdict.why.includes('more than 16 signatures');
        if (isCut) cut += 1;
        else expect(verdict.valid).toBe(isReachable(graph));
        if (verdict.valid) found += 1;
        else missed += 1;
      }),
      { numRuns: 200 },
    );
    expect(Math.min(found, missed)).toBeGreaterThan(10);
    expect(cut).toBeLessThan(missed / 4);
  });

  it.each(Object.keys(FAULTS).filter((fault) => fault !== 'none'))(
    'avoids a certificate that is %s, through a bridge',
    (fault) => {
      const bridge: Graph = {
        edges: [
          { issuer: 1, subject: 2, fault },
          { issuer: 2, subject: 1, fault: 'none' },
          { issuer: 0, subject: 2, fault },
          { issuer: 3, subject: 2, fault: 'none' },
          { issuer: 0, subject: 3, fault: 'none' },
        ],
        trusted: [0],
        signer: 2,
      };
      expect(verify(bridge)).toMatchObject({ valid: true });
      const broken = bridge.edges.map((edge) => (edge.issuer === 0 ? { ...edge, fault } : edge));
      expect(verify({ ...bridge, edges: broken })).toMatchObject({ valid: false });
    },
  );

  it('verifies at most 16 signatures in a graph in which each authority has signed all others', () => {
    const edges = roots.flatMap((_, issuer) =>
      roots.map((__, subject): Edge => ({ issuer, subject, fault: 'none' })),
    );
    const unknown = forgeCertificate({ subject: 'root', extensions: [CA, SIGNS] });
    const client = forgeCertificate({ subject: 'alice', issuer: rootOf(0), extensions: [] });
    let verified = 0;
    const counted = (certificate: ReturnType<typeof readCertificate>) => {
      const { x509 } = certificate;
      const verifySignature = x509.verify.bind(x509);
      x509.verify = (key) => {
        verified += 1;
        return verifySignature(key);
      };
      return certificate;
    };
    const verdict = verifyChain(
      {
        leaf: counted(readCertificate(client.der)),
        intermediates: [...edges, ...edges].map((edge) =>
          counted(readCertificate(certificateOf(edge).der)),
        ),
      },
      { authorities: [readCertificate(unknown.der)] },
      Date.now(),
    );
    expect(verdict).toMatchObject({ valid: false });
    expect(verified).toBe(16);
  });
});
