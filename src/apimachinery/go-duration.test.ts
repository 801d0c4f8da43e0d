import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurationError, formatGoDuration, parseGoDuration } from './go-duration.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('parseGoDuration', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['+0', 0],
    ['0s', 0],
    ['10m', 10 * MINUTE],
    ['1h30m', 1.5 * HOUR],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['300ms', 300],
    ['-300ms', -300],
    ['+5s', 5 * SECOND],
    ['5s10m', 10 * MINUTE + 5 * SECOND],
    ['1m1m', 2 * MINUTE],
    ['1us', 0.001],
    ['1\u00b5s', 0.001],
    ['1\u03bcs', 0.001],
    ['1ns', 0.000001],
    ['1.9ns', 0.000001],
    ['0.333333333333333333333333h', 1199999.999999],
    ['00000000000000000000000000001s', 1000],
    ['2562047h47m16.854775807s', 9223372036854.775],
  ])('reads %s as %d ms', (text, milliseconds) => {
    expect(parseGoDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['', 'has no number'],
    ['-', 'has no number'],
    ['5', 'lacks a unit'],
    ['1h5', 'lacks a unit'],
    ['00', 'lacks a unit'],
    ['1d', 'has no unit "d"'],
    ['1 s', 'has no unit " s"'],
    ['5S', 'has no unit "S"'],
    ['soon', 'has no number before "soon"'],
    ['s', 'has no number before "s"'],
    ['.s', 'has no number before "s"'],
    ['--5s', 'has no number before "-"'],
    ['1.2.3s', 'lacks a unit'],
    ['1h-5m', 'has no unit "h-"'],
    ['2562048h', 'is out of range'],
    [`${'9'.repeat(100_000)}h`, 'is out of range'],
    ['9000000000000000000ns9000000000000000000ns', 'is out of range'],
  ])('rejects %j', (text, reason) => {
    expect(() => parseGoDuration(text)).toThrow(DurationError);
    expect(() => parseGoDuration(text)).toThrow(
      `not a valid duration: ${JSON.stringify(text)} ${reason}`,
    );
  });

  it('adds up the parts', () => {
    const units = new Map([
      ['h', HOUR],
      ['m', MINUTE],
      ['s', SECOND],
      ['ms', 1],
    ]);
    const part = fc.tuple(fc.nat({ max: 9999 }), fc.constantFrom(...units.keys()));
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (parts, negative) => {
          const text = parts.map(([number, unit]) => `${number}${unit}`).join('');
          const sum = parts.reduce(
            (total, [number, unit]) => total + number * (units.get(unit) ?? 0),
            0,
          );
          expect(parseGoDuration(negative ? `-${text}` : text)).toBe(
            negative && sum > 0 ? -sum : sum,
          );
        },
      ),
    );
  });

  it('throws only DurationErrors', () => {
    const nearly = fc.array(fc.constantFrom('1', '0', '.', '-', '+', 'h', 'm', 's', 'µ', 'd', ' '));
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      nearly.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(Number.isFinite(parseGoDuration(text))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(DurationError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('formatGoDuration', () => {
  it.each([
    [0, '0s'],
    [-0, '0s'],
    [0.0000001, '0s'],
    [0.000001, '1ns'],
    [0.0015, '1.5\u00b5s'],
    [1.5, '1.5ms'],
    [100, '100ms'],
    [999.999999, '999.999999ms'],
    [1000, '1s'],
    [30 * SECOND, '30s'],
    [-30 * SECOND, '-30s'],
    [59_999, '59.999s'],
    [5 * MINUTE, '5m0s'],
    [HOUR, '1h0m0s'],
    [90 * MINUTE, '1h30m0s'],
    [26 * HOUR + 3 * MINUTE + 4005, '26h3m4.005s'],
    [9223372036854, '2562047h47m16.854s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatGoDuration(milliseconds)).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 9223372036855, -9223372036855])(
    'refuses %d',
    (milliseconds) => {
      expect(() => formatGoDuration(milliseconds)).toThrow(RangeError);
    },
  );

  it('is parsed to the same whole milliseconds', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const milliseconds = value % 9223372036854;
        expect(parseGoDuration(formatGoDuration(milliseconds))).toBe(milliseconds);
      }),
      { examples: [[0], [1], [-1], [999], [60_000], [3_600_000]] },
    );
  });

  it('is parsed to the same nanoseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), (nanoseconds) => {
        const milliseconds = nanoseconds / 1e6;
        const back = parseGoDuration(formatGoDuration(milliseconds));
        expect(Math.round(back * 1e6)).toBe(nanoseconds);
      }),
    );
  });

  it('formats equal durations equally', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (nanoseconds) => {
        const text = formatGoDuration(nanoseconds / 1e6);
        expect(formatGoDuration(parseGoDuration(text))).toBe(text);
        expect(text).toMatch(
          /^(([0-9]+h)?([0-9]|[1-5][0-9])m)?[0-9]+(\.[0-9]*[1-9])?s$|^[0-9.]+[mnµ]s$/,
        );
      }),
    );
  });
});
