import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goQuote } from '../../text/quote.ts';
import { parseTemplate } from '../template.ts';
import { goMap, goStrings, goStruct } from '../value.ts';
import { GO_PRINTS } from './printf.table.ts';
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

describe('prints what Go prints', () => {
  test.each(GO_PRINTS)('%s', (expression, printed) => {
    expect(parseTemplate('q', `<<${expression}>>`).execute(data)).toBe(printed);
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

  test('%v, %g and %e of any float read back as the same float', () => {
    fc.assert(
      fc.property(finite, (value) => {
        expect(Number(printf('%v', [value]))).toBe(value);
        expect(Number(printf('%.17g', [value]))).toBe(value);
        expect(Number(printf('%.16e', [value]))).toBe(value);
      }),
    );
  });

  test('%f has as many digits behind the point as asked for and is as near as they allow', () => {
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

  test('%x of any text has as many of its bytes as the precision says', () => {
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

  test('takes any format and any values', () => {
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
