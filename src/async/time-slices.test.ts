import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { createTimeSlices } from './time-slices.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Takes this number of steps, in slices. */
async function work(steps: number): Promise<void> {
  const slices = createTimeSlices();
  for (let step = 0; step < steps; step += 1) {
    if (slices.isOver()) await slices.pause();
  }
}

it('yields after each slice, regardless of the amount of work', async () => {
  // A millisecond per reading of the clock makes a slice three steps long.
  let clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    clock += 1;
    return clock;
  });
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all([work(50), work(50), work(50), work(50)]);
  isDone = true;
  // With a slice for each of the four, a quarter of the turns would do.
  expect(turns).toBeGreaterThan(50);
});

it('resumes work in the order in which it paused', async () => {
  const slices = createTimeSlices();
  const order: number[] = [];
  await Promise.all(
    [1, 2, 3].map(async (each) => {
      await slices.pause();
      order.push(each);
    }),
  );
  expect(order).toEqual([1, 2, 3]);
});

it('does not depend on timers that a test has replaced', async () => {
  // Until no turn of earlier work is due.
  await nextTurn();
  await nextTurn();
  vi.useFakeTimers();
  createTimeSlices().isOver();
  vi.useRealTimers();
  await work(20);
});
