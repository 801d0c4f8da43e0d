import { describe, expect, it } from 'vitest';
import { followBrackets } from './brackets.ts';
import { tokenize } from './tokens.ts';

function follow(text: string) {
  const { depth, unclosed } = followBrackets(tokenize(text).tokens);
  return { depth, unclosed: unclosed?.from };
}

describe('followBrackets', () => {
  it.each([
    ['a', 0, undefined],
    ['sum(a{b="c"}[5m])', 2, undefined],
    ['a + b + c', 2, undefined],
    ['f(a + b, c + d + e, g)', 3, undefined],
    ['a + (b * c) - d', 3, undefined],
    ['- - a', 2, undefined],
    ['f(a + a + a, b + b, c) + d', 3, undefined],
    ['a + a, b + b + b', 2, undefined],
    ['a + f(b + b, (c), d)', 3, undefined],
    ['(a + b) + c', 2, undefined],
    ['a offset 5m @ 5', 2, undefined],
    ['"((((" # ((((', 0, undefined],
    ['sum(a{b="c"', 2, 5],
    ['sum(a{b="c"}', 2, 3],
    ['a)', 0, undefined],
  ])('of %j: depth %i, unclosed at %s', (text, depth, unclosed) => {
    expect(follow(text)).toEqual({ depth, unclosed });
  });
});
