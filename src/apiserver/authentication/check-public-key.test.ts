import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyFault } from './check-public-key.ts';

function ec(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).publicKey;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });

/** An RSA key with this public exponent, in hexadecimal. */
function rsaWithExponent(hex: string): KeyObject {
  const e = Buffer.from(hex, 'hex').toString('base64url');
  return createPublicKey({ key: { ...rsa, e }, format: 'jwk' });
}

/** An RSA key with a modulus of this number of bits, which need not be a product of two primes. */
function rsaWithModulus(bits: number): KeyObject {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

const generated = (bits: number): KeyObject =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey;

describe('publicKeyFault', () => {
  it.each([
    ['RSA', rsaWithExponent('010001')],
    ['RSA with the smallest exponent', rsaWithExponent('03')],
    ['RSA with the largest exponent', rsaWithExponent('7fffffff')],
    ['RSA of 8192 bits', rsaWithModulus(8192)],
    ['P-224', ec('secp224r1')],
    ['P-256', ec('prime256v1')],
    ['P-384', ec('secp384r1')],
    ['P-521', ec('secp521r1')],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey],
  ])('accepts %s', (_, publicKey) => {
    expect(publicKeyFault({ publicKey })).toBeUndefined();
  });

  const exponent = 'its RSA key has an exponent that is not an odd number of 2 to 31 bits';
  it.each([
    ['RSA of 512 bits', generated(512), 'its RSA key has 512 bits, expected at least 2048'],
    ['RSA of 1024 bits', generated(1024), 'its RSA key has 1024 bits, expected at least 2048'],
    ['RSA of 2047 bits', generated(2047), 'its RSA key has 2047 bits, expected at least 2048'],
    ['RSA of 8200 bits', rsaWithModulus(8200), 'its RSA key has 8200 bits, expected at most 8192'],
    ['RSA with an exponent of 1', rsaWithExponent('01'), exponent],
    ['RSA with an even exponent', rsaWithExponent('010000'), exponent],
    ['RSA with an exponent beyond 31 bits', rsaWithExponent('80000001'), exponent],
    [
      'RSA with an exponent as long as the modulus',
      rsaWithExponent(`7f${'ff'.repeat(255)}`),
      exponent,
    ],
    [
      'DSA',
      generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey,
      'its public key is of type dsa, expected RSA, ECDSA or Ed25519',
    ],
    [
      'RSA for PSS only',
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
      'its public key is of type rsa-pss, expected RSA, ECDSA or Ed25519',
    ],
    [
      'Ed448',
      generateKeyPairSync('ed448').publicKey,
      'its public key is of type ed448, expected RSA, ECDSA or Ed25519',
    ],
    [
      'a curve over a binary field',
      ec('sect571r1'),
      'its key is on the curve sect571r1, expected P-224, P-256, P-384 or P-521',
    ],
    [
      'P-192',
      ec('prime192v1'),
      'its key is on the curve prime192v1, expected P-224, P-256, P-384 or P-521',
    ],
    [
      'a curve that certificates do not use',
      ec('brainpoolP512t1'),
      'its key is on the curve brainpoolP512t1, expected P-224, P-256, P-384 or P-521',
    ],
  ])('rejects %s', (_, publicKey, fault) => {
    expect(publicKeyFault({ publicKey })).toBe(fault);
  });

  it('rejects a key that cannot be read', () => {
    const unreadable = {
      get publicKey(): KeyObject {
        throw new Error('decode error');
      },
    };
    expect(publicKeyFault(unreadable)).toBe('its public key cannot be read');
  });
});
