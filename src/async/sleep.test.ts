import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sleep } from './sleep.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Starts a sleep of a second. Returns a function that reports whether it is over. */
function sleeping(signal: AbortSignal): () => boolean {
  let isOver = false;
  void sleep(1_000, signal).then(() => {
    isOver = true;
  });
  return () => isOver;
}

it('sleep lasts for its time, and leaves no timer and no listener', async () => {
  const { signal } = new AbortController();
  const isOver = sleeping(signal);
  await vi.advanceTimersByTimeAsync(999);
  expect(isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver()).toBe(true);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('sleep ends with the signal, and leaves no timer and no listener', async () => {
  const controller = new AbortController();
  const isOver = sleeping(controller.signal);
  controller.abort();
  await Promise.resolve();
  expect(isOver()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

it('sleep resolves at once after the signal', async () => {
  const isOver = sleeping(AbortSignal.abort());
  await Promise.resolve();
  expect(isOver()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
