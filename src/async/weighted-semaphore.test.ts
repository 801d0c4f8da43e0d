import { expect, it } from 'vitest';
import { createWeightedSemaphore } from './weighted-semaphore.ts';

/** Acquires weights, and appends each to `order` once it is acquired. */
function acquiring(semaphore: ReturnType<typeof createWeightedSemaphore>, order: number[]) {
  return (weight: number, signal?: AbortSignal) =>
    semaphore.acquire(weight, signal).then((release) => {
      order.push(weight);
      return release;
    });
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('admits callers that fit, and the rest in order of arrival', async () => {
  const order: number[] = [];
  const acquire = acquiring(createWeightedSemaphore(10), order);
  const release = await acquire(7);
  await acquire(3);
  const large = acquire(8);
  void acquire(1);
  await settle();
  expect(order).toEqual([7, 3]);
  release();
  release();
  await settle();
  // 7 are free, and not 14: the 8 wait, and the 1 behind them.
  expect(order).toEqual([7, 3]);
  void large.catch(() => undefined);
});

it('admits a weight above the capacity alone', async () => {
  const order: number[] = [];
  const acquire = acquiring(createWeightedSemaphore(10), order);
  const release = await acquire(1);
  const alone = acquire(100);
  void acquire(2);
  await settle();
  expect(order).toEqual([1]);
  release();
  const releaseAlone = await alone;
  await settle();
  expect(order).toEqual([1, 100]);
  releaseAlone();
  await settle();
  expect(order).toEqual([1, 100, 2]);
});

it('does not block others behind an aborted caller', async () => {
  const order: number[] = [];
  const acquire = acquiring(createWeightedSemaphore(10), order);
  await acquire(5);
  const gone = new AbortController();
  const large = acquire(8, gone.signal);
  const small = acquire(5);
  gone.abort('gone');
  await expect(large).rejects.toBe('gone');
  await small;
  expect(order).toEqual([5, 5]);
  await expect(acquire(1, gone.signal)).rejects.toBe('gone');
});
