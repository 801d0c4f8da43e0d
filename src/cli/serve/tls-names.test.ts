import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { cipherChoice, cipherSuiteNames, nodeTlsVersion, TLS_VERSION_NAMES } from './tls-names.ts';

describe('cipherChoice', () => {
  it('keeps the default of Node.js for an empty list', () => {
    expect(cipherChoice([])).toEqual({ ciphers: [], unavailable: [] });
  });

  it('returns only names that Node.js accepts', () => {
    const secure = [
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
      'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
      'TLS_RSA_WITH_AES_256_GCM_SHA384',
    ];
    const { ciphers, unavailable } = cipherChoice(secure);
    expect(unavailable).toEqual([]);
    expect(ciphers).toContain('ECDHE-ECDSA-AES128-GCM-SHA256');
    expect(() => createSecureContext({ ciphers: ciphers.join(':') })).not.toThrow();
  });

  it('omits suites that OpenSSL no longer has, and returns their names', () => {
    const { ciphers, unavailable } = cipherChoice(['TLS_RSA_WITH_RC4_128_SHA']);
    expect(unavailable).toEqual(['TLS_RSA_WITH_RC4_128_SHA']);
    expect(() => createSecureContext({ ciphers: ciphers.join(':') })).not.toThrow();
  });
});

describe('cipherSuiteNames', () => {
  it('requires the names of Go', () => {
    expect(cipherSuiteNames('ECDHE-RSA-AES128-SHA')).toEqual({
      expected: 'Go\'s names of cipher suites; "ECDHE-RSA-AES128-SHA" is unknown',
    });
    expect(cipherSuiteNames('"')).toHaveProperty('expected');
  });
});

describe('nodeTlsVersion', () => {
  it.each(TLS_VERSION_NAMES)('turns %s into a version that Node.js takes', (name) => {
    expect(() => createSecureContext({ minVersion: nodeTlsVersion(name) })).not.toThrow();
  });
});
