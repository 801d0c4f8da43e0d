import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isQuickToVerifyWith } from './verification-key.ts';

function ec(namedCurve: string): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).publicKey;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });

/** A key of RSA with a public exponent, in hexadecimal. */
function rsaWithExponent(hex: string): KeyObject {
  const e = Buffer.from(hex, 'hex').toString('base64url');
  return createPublicKey({ key: { ...rsa, e }, format: 'jwk' });
}

/** One of RSA with a modulus of so many bits; it need not be a product of two primes. */
function rsaWithModulus(bits: number): KeyObject {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

describe('isQuickToVerifyWith', () => {
  it.each([
    ['RSA', rsaWithExponent('010001')],
    ['RSA with the largest exponent', rsaWithExponent('7fffffff')],
    ['RSA of 8192 bits', rsaWithModulus(8192)],
    ['P-224', ec('secp224r1')],
    ['P-256', ec('prime256v1')],
    ['P-384', ec('secp384r1')],
    ['P-521', ec('secp521r1')],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey],
  ])('takes %s', (_, key) => {
    expect(isQuickToVerifyWith(key)).toBe(true);
  });

  it.each([
    ['RSA with an exponent beyond 31 bits', rsaWithExponent('80000001')],
    ['RSA with an exponent as long as the modulus', rsaWithExponent(`7f${'ff'.repeat(255)}`)],
    ['RSA of 8200 bits', rsaWithModulus(8200)],
    ['DSA', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey],
    ['RSA for PSS only', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey],
    ['a curve over a binary field', ec('sect571r1')],
    ['a curve that no certificates are made with', ec('brainpoolP512t1')],
  ])('refuses %s', (_, key) => {
    expect(isQuickToVerifyWith(key)).toBe(false);
  });
});
