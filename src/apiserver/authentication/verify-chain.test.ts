import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeClient,
  SERVER_AUTH,
} from '../../../test/fixtures/certificate-maker.ts';
import { readCertificateBundle } from './certificate-authorities.ts';
import { readCertificate } from './chain-certificate.ts';
import { type Verdict, verifyChain } from './verify-chain.ts';

let ca: MadeCertificate;
let otherCa: MadeCertificate;

beforeAll(async () => {
  [ca, otherCa] = await Promise.all([makeAuthority('ca'), makeAuthority('ca')]);
});

function verify(
  chain: readonly MadeCertificate[],
  trusted: readonly MadeCertificate[] = [ca],
  now = Date.now(),
): Verdict {
  const [leaf, ...intermediates] = chain.map(({ cert }) =>
    readCertificate(new X509Certificate(cert).raw),
  );
  if (leaf === undefined) throw new Error('a chain has at least one certificate');
  const bundle = readCertificateBundle('test', trusted.map(({ cert }) => cert).join(''));
  return verifyChain({ leaf, intermediates }, bundle, now);
}

const isValid = expect.objectContaining({ valid: true });
const unsigned = {
  valid: false,
  why: expect.stringMatching(/^no trusted authority has signed it/),
};

describe('verifyChain', () => {
  it('takes a certificate that a trusted authority has signed, until it ends', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const client = await makeClient(ca, 'CN=alice', { notAfter });
    expect(verify([client])).toEqual({ valid: true, until: notAfter.getTime() });
  });

  it('ends with the first certificate of the chain that ends', async () => {
    const ends = new Date('2100-01-01T00:00:00Z');
    const brief = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const intermediate = await makeCertificate({
      subject: 'CN=intermediate',
      issuer: ca,
      authority: {},
      notAfter: brief,
    });
    const client = await makeClient(intermediate, 'CN=alice', { notAfter: ends });
    expect(verify([client, intermediate])).toEqual({ valid: true, until: brief.getTime() });
  });

  it('expires with a trusted authority that expires before the certificate', async () => {
    const brief = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const ends = new Date('2100-01-01T00:00:00Z');
    const briefCa = await makeCertificate({ subject: 'CN=brief', authority: {}, notAfter: brief });
    const client = await makeClient(briefCa, 'CN=alice', { notAfter: ends });
    expect(verify([client], [briefCa])).toEqual({ valid: true, until: brief.getTime() });
    const late = verify([client], [briefCa], brief.getTime());
    expect(late).toEqual({ valid: true, until: brief.getTime() });
    expect(verify([client], [briefCa], brief.getTime() + 1)).toEqual(unsigned);
  });

  it('accepts a certificate that is itself trusted, until it expires', async () => {
    const client = await makeCertificate({ subject: 'CN=alice' });
    const until = new X509Certificate(client.cert).validToDate.getTime();
    expect(verify([client], [ca, client])).toEqual({ valid: true, until });
    expect(verify([client], [client], until + 1)).toEqual({ valid: false, why: 'it has expired' });
  });

  it('is valid from its first moment to its last', async () => {
    const client = await makeClient(ca, 'CN=alice', {
      notBefore: new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000),
      notAfter: new Date(Math.floor(Date.now() / 1000) * 1000 + 60_000),
    });
    const { validFromDate, validToDate } = new X509Certificate(client.cert);
    const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
    expect([from - 1, from, to, to + 1].map((now) => verify([client], [ca], now).valid)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('expires with a certificate that expires before the intermediate authorities', async () => {
    const intermediate = await makeCertificate({ subject: 'CN=mid', issuer: ca, authority: {} });
    const brief = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const client = await makeClient(intermediate, 'CN=alice', { notAfter: brief });
    expect(verify([client, intermediate])).toEqual({ valid: true, until: brief.getTime() });
  });

  it('refuses one that an authority of the same name has signed', async () => {
    expect(verify([await makeClient(otherCa, 'CN=alice')])).toEqual(unsigned);
    expect(verify([await makeClient(otherCa, 'CN=alice')], [ca, otherCa])).toEqual(isValid);
  });

  it('refuses one that is signed by itself, whoever it says has signed it', async () => {
    const forged = await makeCertificate({ subject: 'CN=alice' });
    expect(verify([forged])).toEqual(unsigned);
    const named = await makeCertificate({
      subject: 'CN=alice',
      issuer: { ...forged, subject: ca.subject },
    });
    expect(verify([named])).toEqual(unsigned);
  });

  it('takes no authority from the client', async () => {
    const client = await makeClient(otherCa, 'CN=alice');
    expect(verify([client, otherCa])).toEqual(unsigned);
    expect(verify([client, ca])).toEqual(unsigned);
  });

  it('refuses one that has expired or is not valid yet', async () => {
    const client = await makeClient(ca, 'CN=alice');
    const day = 86_400_000;
    expect(verify([client], [ca], Date.now() + day)).toEqual({
      valid: false,
      why: 'it has expired',
    });
    expect(verify([client], [ca], Date.now() - day)).toEqual({
      valid: false,
      why: 'it is not valid yet',
    });
  });

  it('refuses one whose authority has expired', async () => {
    const expired = await makeCertificate({
      subject: 'CN=expired',
      authority: {},
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2021-01-01T00:00:00Z'),
    });
    expect(verify([await makeClient(expired, 'CN=alice')], [expired])).toEqual(unsigned);
  });

  it('refuses one that is not for clients, and takes one that says nothing of its use', async () => {
    const server = await makeClient(ca, 'CN=alice', { extendedKeyUsage: [SERVER_AUTH] });
    expect(verify([server])).toEqual({ valid: false, why: 'it is not for TLS clients' });
    expect(verify([await makeCertificate({ subject: 'CN=alice', issuer: ca })])).toEqual(isValid);
    const any = await makeClient(ca, 'CN=alice', { extendedKeyUsage: ['2.5.29.37.0'] });
    expect(verify([any])).toEqual(isValid);
  });

  it('refuses one of an authority that is not for clients', async () => {
    const forServers = await makeCertificate({
      subject: 'CN=for servers',
      issuer: ca,
      authority: {},
      extendedKeyUsage: [SERVER_AUTH],
    });
    expect(verify([await makeClient(forServers, 'CN=alice'), forServers])).toEqual(unsigned);
  });

  it('follows intermediate certificates in any order', async () => {
    const first = await makeCertificate({ subject: 'CN=first', issuer: ca, authority: {} });
    const second = await makeCertificate({ subject: 'CN=second', issuer: first, authority: {} });
    const client = await makeClient(second, 'CN=alice');
    expect(verify([client, second, first])).toEqual(isValid);
    expect(verify([client, first, second])).toEqual(isValid);
    expect(verify([client, second])).toEqual(unsigned);
    // An intermediate one in the bundle is trusted like any other.
    expect(verify([client], [second])).toEqual(isValid);
  });

  it('refuses what a certificate without that right has signed', async () => {
    const alice = await makeClient(ca, 'CN=alice');
    const forged = await makeClient(alice, 'CN=admin,O=system:masters');
    expect(verify([forged, alice])).toEqual(unsigned);
    const mayNotSign = await makeCertificate({
      subject: 'CN=crl only',
      issuer: ca,
      authority: { mayNotSign: true },
    });
    expect(verify([await makeClient(mayNotSign, 'CN=alice'), mayNotSign])).toEqual(unsigned);
  });

  it('keeps to the length of a path', async () => {
    const last = await makeCertificate({
      subject: 'CN=last',
      issuer: ca,
      authority: { pathLength: 0 },
    });
    const beyond = await makeCertificate({ subject: 'CN=beyond', issuer: last, authority: {} });
    expect(verify([await makeClient(last, 'CN=alice'), last])).toEqual(isValid);
    expect(verify([await makeClient(beyond, 'CN=alice'), beyond, last])).toEqual(unsigned);
  });

  it('refuses what it does not understand', async () => {
    const [odd, nameConstraints] = ['1.3.6.1.4.1.55555.1', '2.5.29.30'];
    const client = await makeClient(ca, 'CN=alice', { criticalExtensions: [odd] });
    expect(verify([client])).toEqual({
      valid: false,
      why: `its extension ${odd} is not supported`,
    });
    const narrow = await makeCertificate({
      subject: 'CN=narrow',
      issuer: ca,
      authority: {},
      criticalExtensions: [nameConstraints],
    });
    expect(verify([await makeClient(narrow, 'CN=alice'), narrow])).toEqual(unsigned);
  });

  it('refuses signatures that can be forged', async () => {
    expect(verify([await makeClient(ca, 'CN=alice', { hash: 'SHA-1' })])).toEqual(unsigned);
  });

  it('passes over keys that take long to verify with', async () => {
    const authorityWith = (...rsaExponent: readonly number[]) =>
      makeCertificate({ subject: 'CN=rsa', issuer: ca, authority: {}, rsaExponent });
    const usual = await authorityWith(1, 0, 1);
    expect(verify([await makeClient(usual, 'CN=alice'), usual])).toEqual(isValid);
    const slow = await authorityWith(0x80, 0, 0, 1);
    expect(verify([await makeClient(slow, 'CN=alice'), slow])).toEqual(unsigned);
  });

  it('passes over authorities with a key of an unknown kind', async () => {
    const der = Buffer.from(new X509Certificate(ca.cert).raw);
    const ecPublicKey = Buffer.from('06072a8648ce3d0201', 'hex');
    der.writeUInt8(0x09, der.indexOf(ecPublicKey) + ecPublicKey.length - 1);
    const odd = { ...ca, cert: `${new X509Certificate(der)}` };
    const client = await makeClient(ca, 'CN=alice');
    expect(verify([client], [odd])).toEqual(unsigned);
    expect(verify([client, odd], [otherCa])).toEqual(unsigned);
    expect(verify([client], [odd, ca])).toEqual(isValid);
  });

  it('looks at so many signatures only, whatever comes with a certificate', async () => {
    const subject = 'CN=first';
    const first = await makeCertificate({ subject, issuer: ca, authority: {} });
    const decoys = await Promise.all(
      Array.from({ length: 16 }, () => makeCertificate({ subject, issuer: ca, authority: {} })),
    );
    const client = await makeClient(first, 'CN=alice');
    expect(verify([client, ...decoys.slice(0, 14), first])).toEqual(isValid);
    expect(verify([client, ...decoys, first])).toEqual(unsigned);
  });

  it('does not go round in circles', async () => {
    const one = await makeCertificate({ subject: 'CN=one', authority: {} });
    const two = await makeCertificate({ subject: 'CN=two', issuer: one, authority: {} });
    const oneAgain = { ...one, ...(await crossSigned(one, two)) };
    expect(verify([await makeClient(one, 'CN=alice'), two, oneAgain])).toEqual(unsigned);
  });
});

/** The name of one with a certificate by another. */
function crossSigned(one: MadeCertificate, issuer: MadeCertificate): Promise<MadeCertificate> {
  return makeCertificate({ subject: one.subject, issuer, authority: {} });
}
