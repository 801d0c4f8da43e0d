import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goQuote } from '../text/quote.ts';
import { LiteralFault, parseNumber, unquoteCharacter, unquoteString } from './literal.ts';

describe('string constants', () => {
  test('parse the output of goQuote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquoteString(goQuote(text))).toBe(text.toWellFormed());
      }),
    );
  });

  test.each([
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', '\x07\b\f\n\r\t\v\\"'],
    ['"\\101\\x41\\u0041\\U00000041"', 'AAAA'],
    ['"\\xc3\\xa9"', 'é'],
    ['`a\\n\r"b`', 'a\\n"b'],
  ])('%j', (quoted, text) => {
    expect(unquoteString(quoted)).toBe(text);
  });

  test.each([
    ['"\\z"', 'invalid syntax'],
    ['"\\\'"', 'invalid syntax'],
    ['"\\400"', 'invalid syntax'],
    ['"\\ud800"', 'invalid syntax'],
    ['"\\U00110000"', 'invalid syntax'],
    ['"\\xff"', 'invalid UTF-8 in string constant'],
  ])('%s is rejected', (quoted, message) => {
    expect(() => unquoteString(quoted)).toThrow(new LiteralFault(message));
  });
});

describe('character constants', () => {
  test.each([
    ["'a'", 97n],
    ["'€'", 0x20acn],
    ["'😀'", 0x1f600n],
    ["'\\''", 39n],
    ["'\\n'", 10n],
    ["'\\x41'", 65n],
  ])('%s', (quoted, value) => {
    expect(unquoteCharacter(quoted)).toBe(value);
  });

  test.each([
    ["''", 'invalid syntax'],
    ["'\\\"'", 'invalid syntax'],
    ["'ab'", "malformed character constant: 'ab'"],
  ])('%s is rejected', (quoted, message) => {
    expect(() => unquoteCharacter(quoted)).toThrow(new LiteralFault(message));
  });
});

describe('numbers', () => {
  test.each<[string, bigint | number]>([
    ['0', 0n],
    ['-0', 0n],
    ['+5', 5n],
    ['1_000', 1000n],
    ['0x1F', 31n],
    ['-0x10', -16n],
    ['0X_ff', 255n],
    ['0b101', 5n],
    ['0o17', 15n],
    ['017', 15n],
    ['0_17', 15n],
    ['0x1E', 30n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['1.50', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1_0e1_0', 1e11],
    ['0x1p-2', 0.25],
    ['0x.8p1', 1],
    ['-0x1.8p1', -3],
    ['0x1p-1074', 5e-324],
  ])('%s', (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  test.each([
    ['09', 'illegal number syntax: "09"'],
    ['1__0', 'illegal number syntax: "1__0"'],
    ['1_', 'illegal number syntax: "1_"'],
    ['0x', 'illegal number syntax: "0x"'],
    ['0x1.8', 'illegal number syntax: "0x1.8"'],
    ['.', 'illegal number syntax: "."'],
    ['1e', 'illegal number syntax: "1e"'],
    ['1e999', 'illegal number syntax: "1e999"'],
    ['9223372036854775808', 'integer overflow: "9223372036854775808"'],
    ['0xFFFFFFFFFFFFFFFF', 'integer overflow: "0xFFFFFFFFFFFFFFFF"'],
    ['1i', 'complex constants are not supported: "1i"'],
    ['1+2i', 'complex constants are not supported: "1+2i"'],
  ])('%s is rejected', (text, message) => {
    expect(() => parseNumber(text)).toThrow(new LiteralFault(message));
  });

  test('every integer and every float as JavaScript formats it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(parseNumber(value.toString())).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseNumber(value.toExponential())).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
