import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readData } from '../../../test/golden/recorded-cases.ts';
import { goQuote } from '../../text/quote.ts';
import { parseTemplate } from '../template.ts';
import { goMap, goStrings, goStruct, type TemplateValue } from '../value.ts';
import { printf } from './printf.ts';

const data = goStruct('main.D', {
  Series: 'load',
  M: goMap([
    ['pod', 'a|b'],
    ['ns', 'shop'],
    ['é', 'x'],
  ]),
  L: goStrings(['pod', 'ns']),
  Z: goStrings([]),
  P: goStruct('main.PT', { X: 'x', Y: 1n }),
  G: goStruct(
    'main.GR',
    { Group: 'apps', Resource: 'deployments' },
    { String: 'deployments.apps' },
  ),
});

/** Expressions over `data`, and what Go 1.19 prints for them. */
function goPrints(): readonly (readonly [expression: string, printed: string])[] {
  const isTable = new Ajv().compile<[string, string][]>({
    type: 'array',
    items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
  });
  const table: unknown = JSON.parse(readData('go-prints.json'));
  if (!isTable(table)) throw new Error('go-prints.json: expected a list of pairs of texts');
  return table;
}

describe('prints what Go prints', () => {
  test.each(goPrints())('%s', (expression, printed) => {
    expect(parseTemplate('q', `<<${expression}>>`).execute(data)).toBe(printed);
  });
});

describe('prints the examples of the documentation of fmt', () => {
  test.each<[string, readonly TemplateValue[], string]>([
    [
      '%v %f % f %08f|%-6v|',
      [Infinity, -Infinity, Infinity, Infinity, Number.NaN],
      '+Inf -Inf  Inf     +Inf|NaN   |',
    ],
    ['%+f % f %f', [Number.NaN, Number.NaN, Number.NaN], '+NaN  NaN NaN'],
    ['%x %X %.2x', [1, 1.5, 1.5], '0x1p+00 0X1.8P+00 0x1.80p+00'],
    ['%.0x %.0x %.1x', [1.5, 1.25, 1.96875], '0x1p+01 0x1p+00 0x1.0p+01'],
    ['%.1x %.1x %x', [1.03125, 1.046875, 0.375], '0x1.0p+00 0x1.1p+00 0x1.8p-02'],
    ['%e %.3E %f %.0f', [1.5, 1.5, 1.5, 2.5], '1.500000e+00 1.500E+00 1.500000 2'],
    ['%.3g %.10g %.2g %g', [100, 100000, 123, 0.0001], '100 100000 1.2e+02 0.0001'],
    ['%G', [1e-7], '1E-07'],
    ['%[2]d %[1]d %d', [1n, 2n], '2 1 2'],
    ['%[3]*.[2]*[1]f', [12.0, 2n, 6n], ' 12.00'],
    ['%[d', [2n, 1n], '%!d(BADINDEX)'],
    ['%[]d %[-3]d %[99]d', [2n, 1n], '%!d(BADINDEX) %!d(BADINDEX) %!d(BADINDEX)'],
    ['%[x1]d %[1x]d', [2n, 1n], '%!d(BADINDEX) %!d(BADINDEX)'],
    ['%[1]2d', [2n, 1n], '%!d(BADINDEX)'],
    ['%[1].2d', [5n, 6n], '%!d(BADINDEX)'],
    ['%3.[2]d', [7n], '%!d(BADINDEX)'],
    ['%[3]', [2n, 1n], '%!(NOVERB)'],
    ['%[5]d %[2]d %d', [1n, 2n, 3n], '%!d(BADINDEX) 2 3'],
    ['%*d|%*d|', [-3n, 1n, 0n, 1n], '1  |1|'],
    ['%*d', [10000000n, 42n], '%!(BADWIDTH)42'],
    ['%*d', ['4', 42n], '%!(BADWIDTH)42'],
    ['%.*d %.*d', [-1n, 42n, 0n, 42n], '%!(BADPREC)42 42'],
    ['%.*d', [10000000n, 42n], '%!(BADPREC)42'],
    ['%d %d', [1n], '1 %!d(MISSING)'],
    ['%.2s|%.2s|%.3s|%.9s', ['é€x', '\u{1f600}ab', 'abc', 'abc'], 'é€|\u{1f600}a|abc|abc'],
    ['%5x|%-5x|%x|', ['a', 'a', ''], '   61|61   ||'],
    ['%q %q %q', [39n, 34n, 92n], "'\\'' '\"' '\\\\'"],
    ['%+q %+q %+q', [0x80n, 0xffffn, 0x10000n], "'\\u0080' '\\uffff' '\\U00010000'"],
    ['%c%c', [0x10ffffn, 0x110000n], '\u{10ffff}\ufffd'],
    ['%U %#U %010U', [0x1f600n, 0x10ffffn, 42n], 'U+1F600 U+10FFFF     U+002A'],
    ['%.0d|%3.0d|%03.0d|', [0n, 0n, 0n], '|   |   |'],
    ['%#O %#O %O %#d', [8n, 0n, 8n, 5n], '0o010 0o0 0o10 5'],
  ])('%j', (format, values, printed) => {
    expect(printf(format, values)).toBe(printed);
  });

  test('accepts a byte of a text as a width', () => {
    expect(parseTemplate('q', '<<printf "%*d" (index "\\x05" 0) 1>>').execute(data)).toBe('    1');
  });
});

describe('printf', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

  test('%d and %x of any integer', () => {
    fc.assert(
      fc.property(int64, (value) => {
        expect(printf('%d', [value])).toBe(value.toString());
        expect(printf('%x', [value])).toBe(value.toString(16));
        expect(BigInt(printf('%030d', [value]).replace(/^(-?)0+(?=\d)/, '$1'))).toBe(value);
      }),
    );
  });

  test('%v, %g and %e of any float denote the same float', () => {
    fc.assert(
      fc.property(finite, (value) => {
        expect(Number(printf('%v', [value]))).toBe(value);
        expect(Number(printf('%.17g', [value]))).toBe(value);
        expect(Number(printf('%.16e', [value]))).toBe(value);
      }),
    );
  });

  test('%f has the requested number of digits after the point and is the nearest such number', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        (value, places) => {
          const text = printf(`%.${places}f`, [value]);
          expect(text).toMatch(new RegExp(`^-?\\d+\\.\\d{${places}}$`));
          expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(10 ** -places / 2 + 1e-6);
        },
      ),
    );
  });

  test('%x of any text is limited to the number of bytes in the precision', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, precision) => {
        const bytes = Buffer.from(text).subarray(0, precision);
        expect(printf(`%.${precision}x`, [text])).toBe(bytes.toString('hex'));
        expect(printf('%x', [text])).toBe(Buffer.from(text).toString('hex'));
      }),
    );
  });

  test('%q of any text is goQuote, and ASCII with +', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printf('%q', [text])).toBe(goQuote(text));
        expect(printf('%+q', [text])).toMatch(/^"[\x20-\x7e]*"$/);
      }),
    );
  });

  test('a width is at least that many characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 40 }),
        (text, width) => {
          const padded = printf(`%${width || ''}s`, [text]);
          expect([...padded]).toHaveLength(Math.max(width, [...text].length));
          expect(padded.trimStart()).toBe(text.trimStart());
        },
      ),
    );
  });

  test('accepts any format and any values', () => {
    const values = fc.array(
      fc.oneof(fc.string(), int64, fc.double(), fc.boolean(), fc.constant(null)),
      { maxLength: 4 },
    );
    const format = fc.array(
      fc.constantFrom(...'%%%%[]123*.+-# 0dsvqxXeEfFgGbcoOUtTpwé!'.split('')),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(format, values, (characters, args) => {
        const text = characters.join('').replaceAll(/\d{5,}/g, '9');
        expect(typeof printf(text, args)).toBe('string');
      }),
    );
  });
});
