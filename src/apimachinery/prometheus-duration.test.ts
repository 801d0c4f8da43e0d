import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurationError, formatGoDuration } from './go-duration.ts';
import { parsePrometheusDuration } from './prometheus-duration.ts';

describe('recorded windows of resource metrics', () => {
  const recorded: readonly {
    readonly name: string;
    readonly config: string;
    readonly exit: number | null;
    readonly window?: string;
  }[] = JSON.parse(
    readFileSync(new URL('../../test/golden/data/invalid.json', import.meta.url), 'utf8'),
  );
  const windows = recorded.flatMap(({ config, exit, window = '' }) => {
    const text = /^ *window: (.*)$/m.exec(config)?.[1];
    return text === undefined ? [] : { text: text.replaceAll("'", ''), exit, window };
  });
  const taken = windows.filter(({ exit }) => exit === null);
  const refused = windows.filter(({ exit }) => exit !== null);

  it('exist', () => {
    expect(taken.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThanOrEqual(6);
  });

  it.each(taken)('"$text" is $window', ({ text, window }) => {
    expect(formatGoDuration(parsePrometheusDuration(text))).toBe(window);
  });

  it.each(refused)('"$text" is rejected', ({ text }) => {
    expect(() => parsePrometheusDuration(text)).toThrow(DurationError);
  });
});

/** Days apart from the sizes of the units, to compute independently of the code under test. */
const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

describe('parsePrometheusDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['00ms', 0],
    ['5m', 300_000],
    ['1m0s', 60_000],
    ['1y', 31_536_000_000],
    ['292y', 292 * 31_536_000_000],
    ['9223372036854ms', 9_223_372_036_854],
    [`${'0'.repeat(50)}1s`, 1000],
  ])('reads %s as %d ms', (text, milliseconds) => {
    expect(parsePrometheusDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['', 'empty duration, expected whole numbers'],
    ['5', 'not a valid duration: "5" lacks a unit after 5, expected whole numbers'],
    ['00', 'not a valid duration: "00" lacks a unit'],
    ['1h5', 'not a valid duration: "1h5" lacks a unit after 5'],
    ['soon', 'not a valid duration: "soon" has no number before "soon"'],
    ['-5m', 'not a valid duration: "-5m" has no number before "-"'],
    ['1.5m', 'not a valid duration: "1.5m" has no unit "."'],
    ['1M', 'not a valid duration: "1M" has no unit "M"'],
    ['5m ', 'not a valid duration: "5m " has no unit "m "'],
    ['1us', 'not a valid duration: "1us" has no unit "us"'],
    ['30s1m', 'not a valid duration: "30s1m" has "m" in the wrong place'],
    ['1m1m', 'not a valid duration: "1m1m" has "m" in the wrong place'],
    ['293y', 'not a valid duration: "293y" is out of range'],
    ['292y365d', 'not a valid duration: "292y365d" is out of range'],
    [`${'9'.repeat(1000)}ms`, `not a valid duration: "${'9'.repeat(1000)}ms" is out of range`],
  ])('rejects %j', (text, message) => {
    expect(() => parsePrometheusDuration(text)).toThrow(DurationError);
    expect(() => parsePrometheusDuration(text)).toThrow(message);
  });

  const numbers = fc.array(fc.option(fc.nat({ max: 40 }), { nil: undefined }), {
    minLength: UNITS.length,
    maxLength: UNITS.length,
  });

  it('adds up the parts', () => {
    fc.assert(
      fc.property(numbers, (counts) => {
        const parts = UNITS.map(([unit, size], index) => ({ unit, size, count: counts[index] }));
        const there = parts.flatMap(({ count, ...rest }) =>
          count === undefined ? [] : { count, ...rest },
        );
        fc.pre(there.length > 0);
        const text = there.map(({ count, unit }) => `${count}${unit}`).join('');
        const sum = there.reduce((total, { count, size }) => total + count * size, 0);
        expect(parsePrometheusDuration(text)).toBe(sum);
      }),
    );
  });

  it('accepts exactly the texts of its grammar', () => {
    const grammar =
      /^(?!$)([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m(?!s))?([0-9]+s)?([0-9]+ms)?$/;
    const nearly = fc
      .array(fc.constantFrom('1', '0', '22', 'y', 'w', 'd', 'h', 'm', 's', 'ms', '.', '-', ' '), {
        maxLength: 7,
      })
      .map((parts) => parts.join(''))
      .filter((text) => !/[0-9]{3}/.test(text));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearly), (text) => {
        const expected = text === '0' || grammar.test(text);
        let taken = true;
        try {
          expect(Number.isSafeInteger(parsePrometheusDuration(text))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(DurationError);
          taken = false;
        }
        expect(taken).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });
});
