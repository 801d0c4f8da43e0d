import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactDecimal, roundDecimal, shortestDecimal } from './decimal.ts';

const positive = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });

describe('decimals', () => {
  test.each([
    [0, '', 0],
    [1, '1', 1],
    [0.5, '5', 0],
    [0.1, '1000000000000000055511151231257827021181583404541015625', 0],
    [1e21, '1', 22],
  ])('%d is exactly 0.%s * 10 ** %d', (value, digits, point) => {
    expect(exactDecimal(value)).toEqual({ digits, point });
  });

  test('exact and shortest digits denote the same number', () => {
    fc.assert(
      fc.property(positive, (value) => {
        for (const { digits, point } of [exactDecimal(value), shortestDecimal(value)]) {
          expect(Number(`0.${digits || '0'}e${point}`)).toBe(value);
        }
      }),
    );
  });

  test.each([
    ['5', 0, 0, '', 0],
    ['15', 0, 1, '2', 0],
    ['25', 0, 1, '2', 0],
    ['251', 0, 1, '3', 0],
    ['999', 1, 2, '1', 2],
    ['51', 0, 0, '1', 1],
    ['9', 0, -1, '', 0],
  ])('0.%s * 10 ** %d rounded to %d digits', (digits, point, count, rounded, roundedPoint) => {
    expect(roundDecimal({ digits, point }, count)).toEqual({
      digits: rounded,
      point: roundedPoint,
    });
  });
});
