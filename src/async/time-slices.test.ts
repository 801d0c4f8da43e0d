import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { createTimeSlices } from './time-slices.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Works for so many milliseconds, in slices. */
async function work(milliseconds: number): Promise<void> {
  const slices = createTimeSlices();
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    if (slices.isOver()) await slices.pause();
  }
}

it('yields after each slice, regardless of the amount of work', async () => {
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all([work(100), work(100), work(100), work(100)]);
  isDone = true;
  // Four slices in one turn would make it five at most.
  expect(turns).toBeGreaterThan(8);
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
