import { describe, expect, it } from 'vitest';
import { offsetModifiers } from './offset-modifiers.ts';
import { tokenize } from './tokens.ts';

describe('offsetModifiers', () => {
  it.each([
    ['up offset 5m', [1]],
    ['up OFFSET 5m', [1]],
    ['offset', []],
    ['offset offset 5m', [1]],
    ['up[5m] offset -5m', [4]],
    ['up{offset="a"} offset 5m', [6]],
    ['{a="b", offset="c"}', []],
    ['sum by (offset) (offset)', []],
    ['sum(up) by (a) offset', [8]],
    ['up + offset', []],
    ['up and offset offset 5m', [3]],
    ['up > bool offset', []],
    ['up + on () offset', []],
    ['up + ignoring (a) group_left offset', []],
    ['up + on (a) group_left (b) offset', []],
    ['up + fill (0) offset', []],
    ['fill offset 5m', [1]],
    ['up + fill offset 5m', [3]],
    ['(offset)', []],
    ['(up) offset', [3]],
    ['f(a, offset)', []],
    ['up @ start() offset 5m', [5]],
    ['up @ -5 offset 5m', [4]],
    ['and offset 5m', [1]],
  ])('finds those of %j', (text, indexes) => {
    expect([...offsetModifiers(tokenize(text).tokens)]).toEqual(indexes);
  });
});
