import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenize } from './tokens.ts';

function cut(text: string): readonly string[] {
  return tokenize(text).tokens.map((token) => `${token.kind} ${token.text}`);
}

describe('tokenize', () => {
  it('cuts a query', () => {
    expect(cut('sum(rate(a:b{c=~"d"}[5m:1m])) >= .5e-3 # end')).toEqual([
      'word sum',
      'symbol (',
      'word rate',
      'symbol (',
      'word a:b',
      'symbol {',
      'word c',
      'symbol =~',
      'string "d"',
      'symbol }',
      'symbol [',
      'duration 5m',
      'symbol :',
      'duration 1m',
      'symbol ]',
      'symbol )',
      'symbol )',
      'symbol >=',
      'number .5e-3',
    ]);
  });

  it.each([
    ['1', ['number 1']],
    ['1.', ['number 1.']],
    ['1e5', ['number 1e5']],
    ['1e+5', ['number 1e+5']],
    ['1+5', ['number 1', 'symbol +', 'number 5']],
    ['0x1E+5', ['number 0x1E', 'symbol +', 'number 5']],
    ['1_000.5', ['number 1_000.5']],
    ['1h30m', ['duration 1h30m']],
    ['1d-2', ['duration 1d', 'symbol -', 'number 2']],
    ['a</b', ['word a', 'symbol </', 'word b']],
    ['a # b\rc', ['word a', 'word c']],
    ['a # b\nc', ['word a', 'word c']],
    ['', []],
    [' # a', []],
  ])('cuts %j', (text, tokens) => {
    expect(cut(text)).toEqual(tokens);
    expect(tokenize(text).faults).toEqual([]);
  });

  it.each([
    ['5mm', 0, 3, /neither a number nor a duration/],
    ['a + 1..2', 4, 8, /neither a number nor a duration/],
    ['1e', 0, 2, /neither/],
    ['0x', 0, 2, /neither/],
    ['a[30m1h]', 2, 7, /no duration.*in the order y w d h m s ms/],
    ['a[293y]', 2, 6, /up to 292 years/],
    ['a{b="c}', 4, 7, /not closed/],
    ['a{b="\\d"}', 5, 7, /unknown escape/],
    ['a & b', 2, 3, /unexpected character `&`: expected `and`/],
    ['rate(a[$__interval])', 7, 8, /Grafana/],
    ['a\u00a0b', 1, 2, /unexpected character U\+00A0/],
    ['😀', 0, 2, /unexpected character U\+1F600/],
    ['a = “b”', 4, 5, /unexpected character U\+201C/],
  ])('finds fault with %j', (text, offset, end, message) => {
    expect(tokenize(text).faults[0]).toEqual({
      offset,
      end,
      message: expect.stringMatching(message),
    });
  });

  it('leaves nothing out but white space and comments', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { tokens } = tokenize(text);
        const between = [0, ...tokens.map(({ to }) => to)].map((from, i) =>
          text.slice(from, tokens[i]?.from),
        );
        for (const blank of between) {
          expect(blank).toMatch(/^(?:[ \t\n\r]|#[^\r\n]*)*$/);
        }
        expect(tokens.map((token) => token.text)).toEqual(
          tokens.map(({ from, to }) => text.slice(from, to)),
        );
      }),
    );
  });
});
