import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareBytes,
  goByte,
  goMap,
  goStrings,
  goStruct,
  isTrue,
  type TemplateValue,
  typeName,
} from './value.ts';

describe('values', () => {
  test.each<[TemplateValue, string, boolean]>([
    [null, 'nil', false],
    ['', 'string', false],
    ['x', 'string', true],
    [0n, 'int', false],
    [-1n, 'int', true],
    [0, 'float64', false],
    [0.5, 'float64', true],
    [false, 'bool', false],
    [true, 'bool', true],
    [goByte(0), 'uint8', false],
    [goByte(1), 'uint8', true],
    [goStrings([]), '[]string', false],
    [goStrings(['']), '[]string', true],
    [goMap([]), 'map[string]string', false],
    [goMap([['', '']]), 'map[string]string', true],
    [goStruct('schema.GroupResource', {}), 'schema.GroupResource', true],
  ])('%o is a %s', (value, name, truth) => {
    expect(typeName(value)).toBe(name);
    expect(isTrue(value)).toBe(truth);
  });

  test('a map is in the order of the bytes of its keys', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string())), (entries) => {
        const { entries: sorted } = goMap(entries);
        const bytes = [...sorted.keys()].map((key) => Buffer.from(key));
        expect(bytes).toEqual(bytes.toSorted(Buffer.compare));
        expect(new Map([...sorted])).toEqual(new Map(entries));
      }),
    );
  });

  test('UTF-16 order is not the order of the bytes', () => {
    const { entries } = goMap([
      ['\u{1f600}', ''],
      ['\u{ff5e}', ''],
    ]);
    expect([...entries.keys()]).toEqual(['\u{ff5e}', '\u{1f600}']);
  });
});

test('strings are ordered by their bytes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\ud7ff', '\ue000', '😀') });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const byBytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareBytes(a, b))).toBe(byBytes);
    }),
  );
});
