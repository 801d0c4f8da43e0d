import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../../test/fixtures/certificate-maker.ts';
import { readCertificateBundle } from './certificate-authorities.ts';
import { isDer } from './der.ts';

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('isDer', () => {
  it.each([
    ['a null', '05 00'],
    ['an empty sequence', '30 00'],
    ['nested values', '30 07 31 05 30 03 02 01 05'],
    ['a long length', `04 81 80 ${'00'.repeat(0x80)}`],
    ['a length of two bytes', `04 82 01 00 ${'00'.repeat(0x100)}`],
  ])('accepts %s', (_, hex) => {
    expect(isDer(bytes(hex))).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a tag only', '30'],
    ['a value that is cut off', '04 02 00'],
    ['bytes after the value', '05 00 00'],
    ['two values', '05 00 05 00'],
    ['an indefinite length', '30 80 05 00 00 00'],
    ['an indefinite length inside', '30 06 30 80 05 00 00 00'],
    ['a long form of a short length', '04 81 01 00'],
    ['a length that begins with a zero', `04 82 00 80 ${'00'.repeat(0x80)}`],
    ['a length that is cut off', '04 82 01'],
    ['a length of five bytes', '04 85 01 00 00 00 00'],
    ['a value beyond the one around it', '30 03 04 02 00 00'],
    ['a tag of several bytes', '1f 81 00 00'],
  ])('rejects %s', (_, hex) => {
    expect(isDer(bytes(hex))).toBe(false);
  });

  it('limits the depth', () => {
    const nested = (levels: number): Uint8Array => {
      let value = Buffer.from([5, 0]);
      for (let level = 0; level < levels; level += 1) {
        value = Buffer.concat([Buffer.from([0x30, value.length]), value]);
      }
      return value;
    };
    expect([32, 33].map((levels) => isDer(nested(levels)))).toEqual([true, false]);
  });

  it('terminates for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => typeof isDer(any) === 'boolean'),
    );
  });

  it('rejects every truncated certificate', async () => {
    const { cert } = await makeAuthority('ca');
    const [authority] = readCertificateBundle('test', cert).authorities;
    const der = authority?.x509.raw ?? Buffer.alloc(0);
    expect(isDer(der)).toBe(true);
    for (let length = 0; length < der.length; length += 1) {
      expect(isDer(der.subarray(0, length))).toBe(false);
    }
  });
});
