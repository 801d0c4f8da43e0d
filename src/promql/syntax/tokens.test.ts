import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenize } from './tokens.ts';

function cut(text: string): readonly string[] {
  return tokenize(text).tokens.map((token) => `${token.kind} ${token.text}`);
}

describe('tokenize', () => {
  it('splits a query', () => {
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
    ['.5', ['number .5']],
    ['1.e5', ['number 1.e5']],
    ['1e_5', ['invalid 1e_5']],
    ['1__0', ['invalid 1__0']],
    ['1_', ['invalid 1_']],
    ['0xg', ['invalid 0xg']],
    ['0x_1_F', ['number 0x_1_F']],
    ['.5e1_0', ['number .5e1_0']],
    ['10ms', ['duration 10ms']],
    [
      'a[b:cd] a:b',
      ['word a', 'symbol [', 'word b', 'symbol :', 'word cd', 'symbol ]', 'word a:b'],
    ],
    ['a[5m b 1m]', ['word a', 'symbol [', 'duration 5m', 'symbol b', 'duration 1m', 'symbol ]']],
    ['a[5m ab]', ['word a', 'symbol [', 'duration 5m', 'word ab', 'symbol ]']],
    ['a[b 5m]', ['word a', 'symbol [', 'word b', 'duration 5m', 'symbol ]']],
    ['a b', ['word a', 'word b']],
    ['a\t\r\n\t#\n#x\n b', ['word a', 'word b']],
    [
      '==a=~a!=a!~a<=a>=a</a>/',
      ['==', '=~', '!=', '!~', '<=', '>=', '</', '>/'].flatMap((symbol, index) =>
        index === 0 ? [`symbol ${symbol}`] : ['word a', `symbol ${symbol}`],
      ),
    ],
    ['-+*/%^=<>@(){}[],', [...'-+*/%^=<>@(){}[],'].map((symbol) => `symbol ${symbol}`)],
    ["'\"'\"'\"`'`", ["string '\"'", 'string "\'"', "string `'`"]],
    ['', []],
    [' # a', []],
  ])('splits %j', (text, tokens) => {
    expect(cut(text)).toEqual(tokens);
    const isInvalid = tokens.some((token) => token.startsWith('invalid'));
    expect(tokenize(text).faults).toHaveLength(isInvalid ? 1 : 0);
  });

  it.each([
    ['5mm', 0, 3, /neither a number nor a duration/],
    ['a + 1..2', 4, 8, /neither a number nor a duration/],
    ['1e', 0, 2, /neither/],
    ['0x', 0, 2, /neither/],
    ['1.8e308', 0, 7, /less than 1.8e308/],
    ['0xffffffffffffffff', 0, 18, /hexadecimal number must be less than 2\^63/],
    ['a[ # b\n5m]', 3, 4, /a comment is not allowed between `\[` and the duration/],
    ['a[-( # b\n5m)]', 5, 6, /a comment is not allowed between/],
    ['a[30m1h]', 2, 7, /not a duration.*in the order y w d h m s ms/],
    ['a[293y]', 2, 6, /up to 292 years/],
    ['a{b="c}', 4, 7, /not closed/],
    ['a{b="\\d"}', 5, 7, /unknown escape/],
    ['a & b', 2, 3, /unexpected character `&`: expected `and`/],
    ['a | b', 2, 3, /^unexpected character `\|`: expected `or`$/],
    ['!a', 0, 1, /^unexpected character `!`: expected `!=` or `!~`$/],
    ['a;', 1, 2, /^unexpected character `;`: a query is one expression$/],
    ['a ?', 2, 3, /^unexpected character `\?`$/],
    ['a ~', 2, 3, /^unexpected character `~`$/],
    ['a\u0001', 1, 2, /^unexpected character U\+0001$/],
    ['a\ud83d', 1, 2, /^unexpected character U\+D83D$/],
    ['1.2.3', 0, 5, /^`1.2.3` is neither a number nor a duration \(such as `5m`\)$/],
    ['.5x', 0, 3, /neither a number/],
    ['rate(a[$__interval])', 7, 8, /Grafana/],
    ['a\u00a0b', 1, 2, /unexpected character U\+00A0/],
    ['😀', 0, 2, /unexpected character U\+1F600/],
    ['a = “b”', 4, 5, /unexpected character U\+201C/],
  ])('reports the fault of %j', (text, offset, end, message) => {
    expect(tokenize(text).faults[0]).toEqual({
      offset,
      end,
      message: expect.stringMatching(message),
    });
  });

  it('marks tokens between brackets', () => {
    const inside = tokenize('a[5m:1m] offset 5m + b[1h]').tokens.filter(({ inRange }) => inRange);
    expect(inside.map(({ text }) => text)).toEqual(['5m', ':', '1m', ']', '1h', ']']);
  });

  it('finds each fault, in order', () => {
    const { faults } = tokenize('a & "\\d" 5mm');
    expect(faults.map(({ offset }) => offset)).toEqual([2, 5, 9]);
  });

  it('omits only white space and comments', () => {
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
