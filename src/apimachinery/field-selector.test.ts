import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demandedValue, fieldSelectorMatches, parseFieldSelector } from './field-selector.ts';

const fields = ['metadata.name', 'metadata.namespace'];

describe('parseFieldSelector', () => {
  it('parses requirements in their order, and ignores empty parts', () => {
    expect(parseFieldSelector('', fields)).toEqual([]);
    expect(parseFieldSelector(',metadata.name==a,,metadata.namespace!=b,', fields)).toEqual([
      { field: 'metadata.name', operator: '=', value: 'a' },
      { field: 'metadata.namespace', operator: '!=', value: 'b' },
    ]);
    expect(parseFieldSelector('metadata.name=', fields)).toEqual([
      { field: 'metadata.name', operator: '=', value: '' },
    ]);
  });

  it('parses every escaped value', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(',', '=', '\\', '!', 'a', ' ') }), (value) => {
        const escaped = value.replaceAll(/[\\,=]/g, '\\$&');
        const text = `metadata.name!=${escaped},metadata.namespace=x`;
        expect(parseFieldSelector(text, fields)).toEqual([
          { field: 'metadata.name', operator: '!=', value },
          { field: 'metadata.namespace', operator: '=', value: 'x' },
        ]);
      }),
    );
  });

  it.each([
    ['bogus', "invalid selector: 'bogus'; can't understand 'bogus'"],
    [
      'metadata.name=a,bogus',
      "invalid selector: 'metadata.name=a,bogus'; can't understand 'bogus'",
    ],
    [
      'status.phase=Running',
      '"status.phase" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['metadata.name=a=b', 'expected a backslash before each'],
    ['metadata.name=a\\', 'expected a backslash before each'],
    ['metadata.name=\\a', 'expected a backslash before each'],
  ])('rejects %s', (text, message) => {
    expect(() => parseFieldSelector(text, fields)).toThrow(message);
  });
});

describe('a field selector', () => {
  const selector = parseFieldSelector('metadata.name!=a,metadata.namespace=b', fields);

  it('matches objects that meet every requirement', () => {
    const matches = (name: string, namespace?: string) =>
      fieldSelectorMatches(
        selector,
        new Map([
          ['metadata.name', name],
          ...(namespace === undefined ? [] : ([['metadata.namespace', namespace]] as const)),
        ]),
      );
    expect(matches('x', 'b')).toBe(true);
    expect(matches('a', 'b')).toBe(false);
    expect(matches('x', 'c')).toBe(false);
    expect(matches('x')).toBe(false);
  });

  it('returns the required value of a field', () => {
    expect(demandedValue(selector, 'metadata.namespace')).toBe('b');
    expect(demandedValue(selector, 'metadata.name')).toBeUndefined();
  });
});
