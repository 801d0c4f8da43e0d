import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../../test/fixtures/certificate-maker.ts';
import {
  CertificateBundleError,
  readCertificateBundle,
  unacceptedKeys,
} from './certificate-authorities.ts';

describe('readCertificateBundle', () => {
  it('reads every certificate, with any text around them', async () => {
    const [one, two] = await Promise.all([makeAuthority('one'), makeAuthority('two')]);
    const pem = `# the first\n${one.cert}\n\nand another\r\n${two.cert.replaceAll('\n', '\r\n')}`;
    const { authorities } = readCertificateBundle('ca.crt', pem);
    expect(authorities.map(({ subject }) => subject.commonName)).toEqual(['one', 'two']);
  });

  it('rejects a bundle without certificates', () => {
    expect(() => readCertificateBundle('ca.crt', '')).toThrow(
      'ca.crt: expected certificates in PEM, found none',
    );
  });

  it('names the certificate that cannot be read', async () => {
    const { cert } = await makeAuthority('one');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(() => readCertificateBundle('ca.crt', cert + broken)).toThrow(CertificateBundleError);
    expect(() => readCertificateBundle('ca.crt', cert + broken)).toThrow(
      /^ca\.crt: certificate 2 cannot be read: /,
    );
    expect(() => readCertificateBundle('ca.crt', cert + broken)).toThrow(
      expect.objectContaining({ cause: expect.any(Error) }),
    );
  });
});

describe('unacceptedKeys', () => {
  it('returns the authorities with keys that are not accepted, and why', async () => {
    const good = await makeAuthority('good');
    const short = await makeCertificate({ subject: 'CN=short', authority: {}, rsaBits: 1024 });
    expect(unacceptedKeys(readCertificateBundle('ca.crt', good.cert))).toEqual([]);
    expect(unacceptedKeys(readCertificateBundle('ca.crt', good.cert + short.cert))).toEqual([
      '"short": its RSA key has 1024 bits, expected at least 2048',
    ]);
  });
});
