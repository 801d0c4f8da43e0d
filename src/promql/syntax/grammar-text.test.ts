import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calculatedOffsets } from '../checks/calculated-offset.ts';
import { grammarText } from './grammar-text.ts';
import { offsetModifiers } from './offset-modifiers.ts';
import { tokenize } from './tokens.ts';

function rewritten(text: string): string {
  const { tokens } = tokenize(text);
  const modifiers = offsetModifiers(tokens);
  return grammarText(text, tokens, modifiers, calculatedOffsets(tokens, modifiers));
}

describe('grammarText', () => {
  it.each([
    ['rate(a[5m])', 'ln  (a[5m])'],
    ['nosuch # c\n(a)', 'ln     # c\n(a)'],
    ['f(a)', 'f(a)'],
    ['SUM (a) by (b)', 'SUM (a) by (b)'],
    ['a > bool (b)', 'a > bool (b)'],
    ['rate + 1.', 'rate + 11'],
    ['0X1F + .5', '1111 + .1'],
    ['a # b\rc', 'a # b\nc'],
    ['offset offset 5m', '______ offset 5m'],
    ['a offset - 5m', 'a offset - 5m'],
    ['offset - 5', '______ - 1'],
    ['a and offset', 'a and ______'],
    ['a * on(b) group_left offset{c="d"}', 'a * on(b) group_left ______{c="d"}'],
    ['a + on () offset', 'a + on () ______'],
    ['a offset (5m) + 1m + b', 'a offset .111111111111'],
    ['a offset --5m # c\n * 2 == b', 'a offset .111111111111 == b'],
    ['a[min(1m, 2m):step()]', 'a[   (1m+ 2m):step()]'],
    ['a[5m,1m]', 'a[5m,1m]'],
    ['a @ start()', 'a @ start()'],
    ['"rate(1.)"', '"rate(1.)"'],
  ])('converts %j to %j', (text, expected) => {
    expect(rewritten(text)).toBe(expected);
  });

  it('keeps every offset', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(rewritten(text)).toHaveLength(text.length);
      }),
    );
  });
});
