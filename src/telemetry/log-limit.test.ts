import { describe, expect, it } from 'vitest';
import { createLogLimit, createRepeatLimit } from './log-limit.ts';

describe('createLogLimit', () => {
  it('admits a burst, then one entry per second, with the number of dropped ones', () => {
    let now = 0;
    const limit = createLogLimit(() => now);
    const flood = () => Array.from({ length: 1000 }, limit).filter((fields) => fields);
    expect(flood()).toEqual(Array.from({ length: 20 }, () => ({})));
    now += 999;
    expect(flood()).toEqual([]);
    now += 1;
    expect(flood()).toEqual([{ notLoggedBefore: 1980 }]);
    now += 3_600_000;
    expect(flood()).toHaveLength(20);
  });
});

function repeatLimit(maxEntries: number) {
  const clock = { now: 0 };
  const admit = createRepeatLimit(1000, maxEntries, () => clock.now);
  const admits = (...keys: string[]) => keys.map((key) => admit(key) !== undefined);
  return { clock, admit, admits };
}

it('the same entry is admitted once per interval, others immediately', () => {
  const { clock, admits } = repeatLimit(10);
  expect(admits('a', 'a', 'b')).toEqual([true, false, true]);
  clock.now = 999;
  expect(admits('a')).toEqual([false]);
  clock.now = 1000;
  expect(admits('a', 'a')).toEqual([true, false]);
});

it('keeps a limited number of entries, the latest ones', () => {
  const { admits } = repeatLimit(2);
  admits('a', 'b', 'c');
  expect(admits('c', 'b', 'a')).toEqual([false, false, true]);
});

it('an entry that was evicted by others is logged again', () => {
  const { clock, admit, admits } = repeatLimit(100);
  admits(...Array.from({ length: 20 }, (_, i) => `other ${i}`));
  expect(admits('a', 'a')).toEqual([false, false]);
  clock.now = 999;
  expect(admit('a')).toBeUndefined();
  clock.now = 1000;
  expect(admit('a')).toEqual({ notLoggedBefore: 3 });
  expect(admits('a')).toEqual([false]);
});
