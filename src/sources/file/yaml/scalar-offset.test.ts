import fc from 'fast-check';
import { dump, EVENT_ID, getScalarValue, parseEvents, type ScalarEvent } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { sourceOffset } from './scalar-offset.ts';

/** The value of the only key, and for each of its characters the one it was written as. */
function characters(text: string): { value: string; written: string } {
  const scalar = lastScalar(text);
  const value = getScalarValue(text, scalar);
  const written = [...Array(value.length).keys()].map(
    (offset) => text[sourceOffset(text, scalar, offset)],
  );
  return { value, written: written.join('') };
}

function lastScalar(text: string): ScalarEvent {
  const scalars = parseEvents(text, {}).filter((event) => event.type === EVENT_ID.SCALAR);
  const scalar = scalars.at(-1);
  if (scalar === undefined) throw new Error(`no scalar in ${text}`);
  return scalar;
}

describe('sourceOffset', () => {
  it.each([
    ['plain', 'key: sum(x)', 'sum(x)'],
    ['single quotes', "key: 'it''s (x)'", "it's (x)"],
    ['literal', 'key: |\n  one\n    two\n  three', 'one\n  two\nthree\n'],
  ])('finds every character of %s', (_style, text, expected) => {
    const { value, written } = characters(text);
    expect(value).toBe(expected);
    expect(written.replaceAll(/\s/g, '')).toBe(expected.replaceAll(/\s/g, ''));
  });

  it('finds escapes and folds where they begin', () => {
    expect(characters('key: "a\\tb\\u0041c\\\\d"')).toEqual({
      value: 'a\tbAc\\d',
      written: 'a\\b\\c\\d',
    });
    expect(characters('key: "a  \n\n   b"')).toEqual({ value: 'a\nb', written: 'a b' });
    expect(characters('key: a\n  b')).toEqual({ value: 'a b', written: 'a\nb' });
  });

  it('finds the characters of folded text', () => {
    const { value, written } = characters('key: >-\n\n   sum(\n    x\n   )\n   by (y)\n');
    expect(value).toBe('\nsum(\n x\n) by (y)');
    expect(written).toBe('ssum(\n x\n)\nby (y)');
  });

  it('returns an offset in the scalar for the end and beyond', () => {
    const text = "key: 'ab'\n";
    expect(sourceOffset(text, lastScalar(text), 2)).toBe(8);
    expect(sourceOffset(text, lastScalar(text), 99)).toBe(8);
  });

  it('finds every visible character of any text, in any style', () => {
    const word = fc.stringMatching(/^[a-z<>{}()"'\\$|*é😀]{1,8}$/u);
    const text = fc
      .array(fc.tuple(word, fc.constantFrom(' ', '  ', '\n', '\n\n', '\n   ')), { minLength: 1 })
      .map((pairs) => pairs.flat().join(''));
    const style = fc.constantFrom({ lineWidth: 20 }, { lineWidth: -1 }, { forceQuotes: true });
    fc.assert(
      fc.property(
        text,
        style,
        fc.constantFrom('single', 'double'),
        (value, options, quoteStyle) => {
          const source = dump({ key: value }, { ...options, quoteStyle });
          const scalar = lastScalar(source);
          const decoded = getScalarValue(source, scalar);
          expect(decoded).toBe(value);
          for (let offset = 0; offset < decoded.length; offset++) {
            const found = source[sourceOffset(source, scalar, offset)];
            const wanted = decoded[offset] ?? '';
            if (/\s/.test(wanted)) continue;
            expect([wanted, '\\']).toContain(found);
          }
        },
      ),
    );
  });
});
