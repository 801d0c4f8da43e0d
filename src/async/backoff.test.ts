import { describe, expect, it } from 'vitest';
import { createBackoff } from './backoff.ts';

describe('createBackoff', () => {
  it('doubles up to the longest wait, and can be reset', () => {
    const backoff = createBackoff(100, 500, () => 1);
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 400, 500, 500]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('waits at least half of the current wait', () => {
    const backoff = createBackoff(100, 500, () => 0);
    expect([1, 2, 3, 4].map(() => backoff.next())).toEqual([50, 100, 200, 250]);
  });

  it('has random waits', () => {
    const waits = new Set(Array.from({ length: 10 }, () => createBackoff(100, 500).next()));
    expect(waits.size).toBeGreaterThan(1);
    expect([...waits].every((wait) => wait >= 50 && wait <= 100)).toBe(true);
  });
});
