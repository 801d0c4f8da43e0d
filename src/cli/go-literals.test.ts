import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGoBool, parseGoFloat, parseGoInteger, splitCommaSeparated } from './go-literals.ts';

describe('parseGoBool', () => {
  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('%s is true', (text) => {
    expect(parseGoBool(text)).toBe(true);
  });

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('%s is false', (text) => {
    expect(parseGoBool(text)).toBe(false);
  });

  it.each(['', 'yes', 'tRUE', 'on', ' true', '2'])('%j is neither', (text) => {
    expect(parseGoBool(text)).toBeUndefined();
  });
});

describe('parseGoInteger', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['443', 443],
    ['+443', 443],
    ['-7', -7],
    ['0x1F', 31],
    ['0X1f', 31],
    ['0b101', 5],
    ['0o17', 15],
    ['017', 15],
    ['1_000', 1000],
    ['0x_ff', 255],
    ['0_7', 7],
  ])('reads %s as %d', (text, value) => {
    expect(parseGoInteger(text)).toBe(value);
  });

  it.each(['', '-', '1.0', '1e3', '08', '_1', '1_', '1__0', '0x', ' 1', '1 ', '١'])(
    'refuses %j',
    (text) => {
      expect(parseGoInteger(text)).toBeUndefined();
    },
  );

  it('reads every safe integer in base 10 and 16', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(parseGoInteger(String(value))).toBe(value);
        const sign = value < 0 ? '-' : '';
        expect(parseGoInteger(`${sign}0x${Math.abs(value).toString(16)}`)).toBe(value);
      }),
    );
  });
});

describe('parseGoFloat', () => {
  it.each([
    ['5', 5],
    ['5.', 5],
    ['.5', 0.5],
    ['-1.5e3', -1500],
  ])('reads %s as %d', (text, value) => {
    expect(parseGoFloat(text)).toBe(value);
  });

  it.each(['', '.', 'inf', 'NaN', '1e999', '0x1p4', '1,5', '5 '])('rejects %j', (text) => {
    expect(parseGoFloat(text)).toBeUndefined();
  });
});

describe('splitCommaSeparated', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['a, b', ['a', ' b']],
    ['a,', ['a', '']],
    [',', ['', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a ""b""",c', ['a "b"', 'c']],
    ['""', ['']],
    ['a,b\n', ['a', 'b']],
  ])('splits %j', (text, fields) => {
    expect(splitCommaSeparated(text)).toEqual(fields);
  });

  it.each(['a"b', '"a', '"a"b', 'a\nb', '"a\nb"'])('rejects %j', (text) => {
    expect(splitCommaSeparated(text)).toBeUndefined();
  });

  it('reads back quoted fields with any content', () => {
    const field = fc.string().filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const line = fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
        expect(splitCommaSeparated(line)).toEqual(fields);
      }),
    );
  });
});
