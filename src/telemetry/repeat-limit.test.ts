import { expect, test } from 'vitest';
import { createRepeatLimit } from './repeat-limit.ts';

function limit(most: number) {
  const clock = { now: 0 };
  const admit = createRepeatLimit(1000, most, () => clock.now);
  const admits = (...keys: string[]) => keys.map((key) => admit(key) !== undefined);
  return { clock, admit, admits };
}

test('the same entry is admitted once per interval, others immediately', () => {
  const { clock, admits } = limit(10);
  expect(admits('a', 'a', 'b')).toEqual([true, false, true]);
  clock.now = 999;
  expect(admits('a')).toEqual([false]);
  clock.now = 1000;
  expect(admits('a', 'a')).toEqual([true, false]);
});

test('the number of remembered entries is limited to the latest', () => {
  const { admits } = limit(2);
  admits('a', 'b', 'c');
  expect(admits('c', 'b', 'a')).toEqual([false, false, true]);
});

test('an entry that was evicted by others is logged again', () => {
  const { clock, admit, admits } = limit(100);
  admits(...Array.from({ length: 20 }, (_, i) => `other ${i}`));
  expect(admits('a', 'a')).toEqual([false, false]);
  clock.now = 999;
  expect(admit('a')).toBeUndefined();
  clock.now = 1000;
  expect(admit('a')).toEqual({ notLoggedBefore: 3 });
  expect(admits('a')).toEqual([false]);
});
