import { describe, expect, it } from 'vitest';
import { offsetModifiers } from '../syntax/offset-modifiers.ts';
import { tokenize } from '../syntax/tokens.ts';
import { calculatedOffsets } from './calculated-offset.ts';

function amountsOf(text: string) {
  const { tokens } = tokenize(text);
  return calculatedOffsets(tokens, offsetModifiers(tokens)).map(({ first, last, fault }) => ({
    amount: text.slice(tokens[first]?.from, tokens[last]?.to),
    unexpected: fault && text.slice(fault.offset, fault.end),
  }));
}

describe('calculatedOffsets', () => {
  it.each([
    ['x offset (5m)', ['(5m)']],
    ['x offset -(5m) * 2', ['-(5m) * 2']],
    ['x offset --5m # c\n + 1m == y', ['--5m # c\n + 1m']],
    ['x offset (5m) + (1m - -3) ^ NaN @ 5', ['(5m) + (1m - -3) ^ NaN']],
    ['(x offset (5m)) + y', ['(5m)']],
    ['x offset (5m) and y offset (1m)', ['(5m)', '(1m)']],
    ['x offset (5m) atan2 y', ['(5m)']],
    ['x offset 5m + y', []],
    ['x offset -5m * y', []],
    ['x offset - 5m', []],
    ['x offset (5m', []],
    ['x offset (5m +', []],
    ['x offset (5m) + step()', []],
    ['x offset (', []],
    ['x offset', []],
    ['offset', []],
  ])('finds the amounts in %j', (text, amounts) => {
    expect(amountsOf(text)).toEqual(amounts.map((amount) => ({ amount, unexpected: undefined })));
  });

  it.each([
    ['x offset (5m) + y', 'y'],
    ['x offset (5m) * 2 - (1 + y)', 'y'],
    ['x offset --5m / sum(y)', 'sum'],
    ['x offset (5m) + on (a) y', 'on'],
    ['x offset (y)', 'y'],
    ['x offset (5m) + "a"', '"a"'],
  ])('reports the text that is not part of a duration in %j', (text, unexpected) => {
    expect(amountsOf(text).map((amount) => amount.unexpected)).toEqual([unexpected]);
  });
});
