import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInt64 } from './int64.ts';

const MAX = 2n ** 63n - 1n;

describe('parseInt64', () => {
  it.each(['', '-', '+', '1_0', '0x1', '1.0', '1e3', ' 1', '1 ', '--1', '١'])(
    'refuses %j',
    (text) => {
      expect(parseInt64(text)).toBeUndefined();
    },
  );

  it('reads exactly the integers from -2^63 to 2^63-1', () => {
    const integers = fc.oneof(
      fc.bigInt(-(2n ** 80n), 2n ** 80n),
      fc.bigInt(MAX - 5n, MAX + 5n),
      fc.bigInt(-MAX - 5n, -MAX + 5n),
    );
    fc.assert(
      fc.property(integers, fc.nat({ max: 30 }), fc.boolean(), (integer, zeros, plus) => {
        const sign = integer < 0n ? '-' : plus ? '+' : '';
        const digits = String(integer).replace('-', '');
        const expected = integer >= -MAX - 1n && integer <= MAX ? integer : undefined;
        expect(parseInt64(sign + '0'.repeat(zeros) + digits)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
