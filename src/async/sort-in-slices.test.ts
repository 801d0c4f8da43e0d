import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sortInSlices } from './sort-in-slices.ts';
import { createTimeSlices, type TimeSlices } from './time-slices.ts';

/** Slices that are over at once, and how many there were. */
function shortest(): TimeSlices & { readonly pauses: () => number } {
  let pauses = 0;
  return {
    isOver: () => true,
    async pause() {
      pauses += 1;
      await Promise.resolve();
    },
    pauses: () => pauses,
  };
}

const before = (one: { key: number }, other: { key: number }) => one.key < other.key;

describe('sortInSlices', () => {
  it('sorts like Array.sort, which is stable', async () => {
    const key = fc.integer({ min: 0, max: 50 });
    const keys = fc.oneof(
      fc.array(key, { maxLength: 5 }),
      fc.array(key, { minLength: 1000, maxLength: 3000 }),
      fc
        .array(key, { minLength: 1000, maxLength: 3000 })
        .map((all) => all.toSorted((a, b) => a - b)),
    );
    await fc.assert(
      fc.asyncProperty(keys, async (all) => {
        const items = all.map((each, at) => ({ key: each, at }));
        expect(await sortInSlices(items, before, shortest())).toEqual(
          items.toSorted((one, other) => one.key - other.key),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('yields regularly', async () => {
    const slices = shortest();
    const items = Array.from({ length: 5000 }, (_, i) => ({ key: (i * 7919) % 5000 }));
    await sortInSlices(items, before, slices);
    expect(slices.pauses()).toBeGreaterThan(5000);
  });
});

describe('createTimeSlices', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('yields to waiting work', async () => {
    // The clock alone: a machine that stands still for a moment would use up a slice.
    vi.useFakeTimers({ toFake: ['performance'] });
    const slices = createTimeSlices();
    let hasRun = false;
    setImmediate(() => {
      hasRun = true;
    });
    expect(slices.isOver()).toBe(false);
    vi.advanceTimersByTime(5);
    expect(slices.isOver()).toBe(true);
    expect(hasRun).toBe(false);
    await slices.pause();
    expect(hasRun).toBe(true);
    expect(slices.isOver()).toBe(false);
  });
});
