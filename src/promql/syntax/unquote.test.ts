import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goQuote } from '../../text/quote.ts';
import { endOfLiteral, unquote } from './unquote.ts';

const anyText = fc.string({ unit: 'binary' });

describe('unquote', () => {
  it.each([
    ['""', ''],
    ["''", ''],
    ['``', ''],
    ['"a"', 'a'],
    [`'a"b'`, 'a"b'],
    [`"a'b"`, "a'b"],
    [`'a\\'b'`, "a'b"],
    ['"a\\"b"', 'a"b'],
    ['`a\\n"\'b`', 'a\\n"\'b'],
    ['`a\nb`', 'a\nb'],
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\"', '\x07\b\f\n\r\t\v\\'],
    ['"\\x41\\101"', 'AA'],
    ['"\\xc3\\xa9"', 'é'],
    ['"\\303\\251"', 'é'],
    ['"\\u00e9\\U0001f600"', 'é😀'],
    ['"\\ufffd"', '\ufffd'],
    ['"\\xff"', '\ufffd'],
    ['"\\xef\\xbb\\xbfa"', '\ufeffa'],
    ['"\\xc3b\\xa9"', '\ufffdb\ufffd'],
  ])('reads %j', (literal, text) => {
    expect(unquote(literal)).toMatchObject({ text });
  });

  it.each([
    ['"\\xff"', false],
    ['"\\xc3b\\xa9"', false],
    ['"\\377a"', false],
    ['"\\xc3\\xa9"', true],
    ['"\\xef\\xbf\\xbd"', true],
    ['"\\ufffd"', true],
  ])('determines whether the bytes of %j are UTF-8', (literal, isUtf8) => {
    expect(unquote(literal)).toMatchObject({ isUtf8 });
  });

  it.each([
    ['a', 0, 1, /expected a string in quotes/],
    ['', 0, 1, /expected a string in quotes/],
    ['"a', 0, 2, /not closed: a closing " is missing/],
    ['`a', 0, 2, /not closed: a closing ` is missing/],
    ['"', 0, 1, /not closed/],
    ['"a\nb"', 0, 2, /not closed/],
    ['"a"b', 3, 4, /nothing after the closing quote/],
    ['"a\\d"', 2, 4, /unknown escape \\d/],
    [`"a\\'"`, 2, 4, /unknown escape \\'/],
    ['"a\\x4"', 2, 4, /\\x with two/],
    ['"a\\1"', 2, 4, /three octal digits/],
    ['"a\\u00e"', 2, 4, /\\u with four/],
    ['"a\\400"', 2, 6, /\\377/],
    ['"\\ud800"', 1, 7, /no such character/],
    ['"\\U00110000"', 1, 11, /no such character/],
    ['"a\ufffd"', 2, 3, /only as \\ufffd/],
    ['`\ufffd`', 1, 2, /U\+FFFD in a raw string/],
    ['"a\ud800"', 2, 3, /U\+FFFD/],
    ['"a\\', 2, 3, /expected a character after the backslash/],
  ])('reports the fault of %j', (literal, offset, end, message) => {
    expect(unquote(literal).fault).toMatchObject({
      offset,
      end,
      message: expect.stringMatching(message),
    });
  });

  it('is the inverse of goQuote', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // U+FFFD is the one character that Go quotes as it is and Prometheus does not take so.
        const wellFormed = text.toWellFormed().replaceAll('\ufffd', '?');
        expect(unquote(goQuote(wellFormed))).toEqual({ text: wellFormed, isUtf8: true });
      }),
    );
  });

  it('accepts any text without an exception, and reports offsets in it', () => {
    const literal = fc.oneof(
      anyText,
      fc.tuple(fc.constantFrom('"', "'", '`'), anyText).map(([quote, text]) => quote + text),
      fc
        .array(fc.constantFrom('\\', '"', 'x', 'u', 'U', '0', '4', 'd8', '\n', '\ufffd', '`'))
        .map((pieces) => `"${pieces.join('')}`),
    );
    fc.assert(
      fc.property(literal, (text) => {
        const { fault } = unquote(text);
        if (fault !== undefined) {
          expect(fault.offset).toBeGreaterThanOrEqual(0);
          expect(fault.end).toBeGreaterThanOrEqual(fault.offset);
          expect(fault.end).toBeLessThanOrEqual(Math.max(1, text.length));
        }
      }),
    );
  });
});

describe('endOfLiteral', () => {
  it.each([
    ['"a" + "b"', 0, 3],
    ['"a\\"b" c', 0, 6],
    ['"a\\\\" c', 0, 5],
    ['x `a\nb` c', 2, 7],
    ['x `a', 2, 4],
    ['"a\nb"', 0, 2],
    ['"a\\\nb"', 0, 3],
    ['"a\\', 0, 3],
    [`'a"'`, 0, 4],
  ])('of %j from %i is %i', (text, from, end) => {
    expect(endOfLiteral(text, from)).toBe(end);
  });
});
