import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  CLIENT_AUTH,
  makeAuthority,
  makeCertificate,
} from '../../../test/fixtures/certificate-maker.ts';
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

  it('reads the times', async () => {
    const notBefore = new Date('2026-01-02T03:04:05Z');
    const notAfter = new Date('2027-01-02T03:04:05Z');
    const certificate = read(await makeCertificate({ subject: 'CN=a', notBefore, notAfter }));
    expect(certificate.notBefore).toBe(notBefore.getTime());
    expect(certificate.notAfter).toBe(notAfter.getTime());
  });

  it('reads what an authority may sign', async () => {
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

  it('reads the uses, and the extensions that restrict it', async () => {
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

  it('rejects anything else', () => {
    expect(() => readCertificate(Buffer.from('garbage'))).toThrow();
  });
});
