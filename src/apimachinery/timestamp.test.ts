import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timestampFromSeconds } from './timestamp.ts';

const LAST_SECOND = 253_402_300_799;
const FIRST_SECOND = -62_167_219_200;

describe('timestampFromSeconds', () => {
  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [1_769_846_400, '2026-01-31T08:00:00Z'],
    [1_769_846_400.999, '2026-01-31T08:00:00Z'],
    [-0.5, '1969-12-31T23:59:59Z'],
    [951_782_400, '2000-02-29T00:00:00Z'],
    [LAST_SECOND, '9999-12-31T23:59:59Z'],
    [FIRST_SECOND, '0000-01-01T00:00:00Z'],
  ])('writes %d', (seconds, text) => {
    expect(timestampFromSeconds(seconds)).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, LAST_SECOND + 1, FIRST_SECOND - 1, 1e300])(
    'refuses %d',
    (seconds) => {
      expect(() => timestampFromSeconds(seconds)).toThrow(RangeError);
    },
  );

  it('formats any time after any other', () => {
    const time = fc.double({ min: FIRST_SECOND, max: LAST_SECOND, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.oneof(time, fc.constantFrom(0, 0.5, 1, -0.5))), (times) => {
        for (const seconds of times) {
          // Without the sign of a zero, which no time has.
          const whole = Math.floor(seconds) * 1000 + 0;
          expect(Date.parse(timestampFromSeconds(seconds))).toBe(whole);
        }
      }),
    );
  });

  it('is parsed to the whole second', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: FIRST_SECOND, max: LAST_SECOND }),
        fc.integer({ min: 0, max: 999 }),
        (seconds, milliseconds) => {
          const text = timestampFromSeconds(seconds + milliseconds / 1000);
          expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
          expect(Date.parse(text)).toBe(seconds * 1000);
        },
      ),
    );
  });
});
