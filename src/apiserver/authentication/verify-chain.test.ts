import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeClient,
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
  it('accepts a certificate that a trusted authority has signed, until it expires', async () => {
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const client = await makeClient(ca, 'CN=alice', { notAfter });
    expect(verify([client])).toEqual({ valid: true, until: notAfter.getTime() });
  });

  it('is valid until the first certificate of the chain expires', async () => {
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

  it('accepts a certificate from notBefore to notAfter, both included', async () => {
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

  it('rejects a certificate of another authority with the same name, unless that is trusted too', async () => {
    expect(verify([await makeClient(otherCa, 'CN=alice')])).toEqual(unsigned);
    expect(verify([await makeClient(otherCa, 'CN=alice')], [ca, otherCa])).toEqual(isValid);
  });

  it('rejects authorities with keys that make verification slow', async () => {
    const authorityWith = (...rsaExponent: readonly number[]) =>
      makeCertificate({ subject: 'CN=rsa', issuer: ca, authority: {}, rsaExponent });
    const usual = await authorityWith(1, 0, 1);
    expect(verify([await makeClient(usual, 'CN=alice'), usual])).toEqual(isValid);
    const slow = await authorityWith(0x80, 0, 0, 1);
    expect(verify([await makeClient(slow, 'CN=alice'), slow])).toEqual(unsigned);
  });

  it('ignores authorities with a key of an unknown type', async () => {
    const der = Buffer.from(new X509Certificate(ca.cert).raw);
    const ecPublicKey = Buffer.from('06072a8648ce3d0201', 'hex');
    der.writeUInt8(0x09, der.indexOf(ecPublicKey) + ecPublicKey.length - 1);
    const odd = { ...ca, cert: `${new X509Certificate(der)}` };
    const client = await makeClient(ca, 'CN=alice');
    expect(verify([client], [odd])).toEqual(unsigned);
    expect(verify([client, odd], [otherCa])).toEqual(unsigned);
    expect(verify([client], [odd, ca])).toEqual(isValid);
  });

  it('limits the number of signatures that it verifies', async () => {
    const subject = 'CN=first';
    const first = await makeCertificate({ subject, issuer: ca, authority: {} });
    const decoys = await Promise.all(
      Array.from({ length: 16 }, () => makeCertificate({ subject, issuer: ca, authority: {} })),
    );
    const client = await makeClient(first, 'CN=alice');
    expect(verify([client, ...decoys.slice(0, 14), first])).toEqual(isValid);
    expect(verify([client, ...decoys, first])).toEqual(unsigned);
  });
});
