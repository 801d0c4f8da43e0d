import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCommaSeparated } from './comma-separated.ts';

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

  it.each(['a"b', '"a', '"a"b', 'a\nb', '"a\nb"'])('refuses %j', (text) => {
    expect(splitCommaSeparated(text)).toBeUndefined();
  });

  it('reads back quoted fields, whatever is in them', () => {
    const field = fc.string().filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const line = fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
        expect(splitCommaSeparated(line)).toEqual(fields);
      }),
    );
  });
});
