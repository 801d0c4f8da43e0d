import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CLIENT_AUTH,
  makeAuthority,
  makeCertificate,
} from '../../../test/fixtures/certificate-maker.ts';
import { extendedKeyUsage, forgeCertificate } from '../../../test/fixtures/forged-certificate.ts';
import { type ChainCertificate, readCertificate } from './chain-certificate.ts';

const read = ({ cert }: { readonly cert: string }): ChainCertificate =>
  readCertificate(new X509Certificate(cert).raw);

describe('readCertificate', () => {
  it.each([
    ['CN=alice', 'alice', []],
    ['CN=alice,CN=bob', 'bob', []],
    ['O=shop,CN=alice,O=bank', 'alice', ['shop', 'bank']],
    ['O=system:masters', '', ['system:masters']],
    ['OU=CN\\=admin,CN=alice', 'alice', []],
  ])('reads the subject %s', async (subject, commonName, organizations) => {
    const certificate = read(await makeCertificate({ subject }));
    expect(certificate.subject.commonName).toBe(commonName);
    expect(certificate.subject.organizations.toSorted()).toEqual(organizations.toSorted());
  });

  it('reads the validity', async () => {
    const notBefore = new Date('2026-01-02T03:04:05Z');
    const notAfter = new Date('2027-01-02T03:04:05Z');
    const certificate = read(await makeCertificate({ subject: 'CN=a', notBefore, notAfter }));
    expect(certificate.notBefore).toBe(notBefore.getTime());
    expect(certificate.notAfter).toBe(notAfter.getTime());
  });

  it('reads the basic constraints', async () => {
    expect(read(await makeAuthority('ca'))).toMatchObject({
      isAuthority: true,
      pathLength: Infinity,
    });
    const authority = { pathLength: 0 };
    const last = read(await makeCertificate({ subject: 'CN=ca', authority }));
    expect(last).toMatchObject({ isAuthority: true, pathLength: 0 });
    const none = read(await makeCertificate({ subject: 'CN=a' }));
    expect(none).toMatchObject({ isAuthority: false, pathLength: Infinity });
  });

  it('reads the extended key usage, and unsupported extensions', async () => {
    const extendedKeyUsage = [CLIENT_AUTH];
    const criticalExtensions = ['1.3.6.1.4.1.55555.1', '2.5.29.30', '2.5.29.32'];
    const settings = { subject: 'CN=a', extendedKeyUsage, criticalExtensions };
    const certificate = read(await makeCertificate(settings));
    expect(certificate.extendedKeyUsage).toEqual([CLIENT_AUTH]);
    expect(certificate.restrictions).toEqual(['1.3.6.1.4.1.55555.1', '2.5.29.30']);
    expect(read(await makeCertificate({ subject: 'CN=a' })).extendedKeyUsage).toBeUndefined();
  });

  it('ignores unknown extensions unless they are critical', async () => {
    const otherExtensions = ['1.3.6.1.4.1.55555.1', '2.5.29.30'];
    const certificate = read(await makeCertificate({ subject: 'CN=a', otherExtensions }));
    // Name constraints restrict what an authority may sign, critical or not.
    expect(certificate.restrictions).toEqual(['2.5.29.30']);
  });

  it('rejects a subject that is not valid UTF-8', () => {
    const { der } = forgeCertificate({ subject: 'alice' });
    der.writeUInt8(0xff, der.lastIndexOf('alice'));
    expect(() => readCertificate(der)).toThrow('it is not an X.509 certificate, or malformed');
  });

  it('rejects bytes that are not a certificate', () => {
    expect(() => readCertificate(Buffer.from('garbage'))).toThrow('it is not encoded in DER');
    expect(() => readCertificate(Buffer.from([0x30, 0]))).toThrow(
      'it is not an X.509 certificate, or malformed',
    );
  });

  it('reads or rejects a certificate with a changed byte', () => {
    const { der } = forgeCertificate({
      subject: 'alice',
      extensions: [extendedKeyUsage([CLIENT_AUTH])],
    });
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(der);
        changed.writeUInt8(changed.readUInt8(at) ^ change, at);
        try {
          expect(readCertificate(changed).subject.commonName).toEqual(expect.any(String));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 500 },
    );
  });
});
