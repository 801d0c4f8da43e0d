import { expect, test } from 'vitest';
import { createRepeatLimit } from './repeat-limit.ts';

test('the same entry is admitted once in a while, others at once', () => {
  let now = 0;
  const admits = createRepeatLimit(1000, 10, () => now);
  expect([admits('a'), admits('a'), admits('b')]).toEqual([true, false, true]);
  now = 999;
  expect(admits('a')).toBe(false);
  now = 1000;
  expect([admits('a'), admits('a')]).toEqual([true, false]);
});

test('only so many entries are remembered: those that were logged last', () => {
  const admits = createRepeatLimit(1000, 2, () => 0);
  for (const key of ['a', 'b', 'c']) admits(key);
  expect([admits('c'), admits('b'), admits('a')]).toEqual([false, false, true]);
});
