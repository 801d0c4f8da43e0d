import { describe, expect, it } from 'vitest';
import { createLogLimit } from './log-limit.ts';

describe('createLogLimit', () => {
  it('lets some through at once, then one a second, and tells how many it kept back', () => {
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
