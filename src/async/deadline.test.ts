import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withDeadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const timedOut = new Error('timed out');

function deadline(timeoutMs: number, signal?: AbortSignal) {
  return {
    timeoutMs,
    signal,
    timeoutError: () => timedOut,
    cancelError: (reason: unknown) => new Error('canceled', { cause: reason }),
  };
}

/** Work that never ends, and the signal that it got. */
function endless() {
  let used: AbortSignal | undefined;
  const work = (signal: AbortSignal): Promise<never> => {
    used = signal;
    return new Promise(() => undefined);
  };
  return { work, used: () => used };
}

it('returns the result of the work, and leaves no timer and no listener', async () => {
  const { signal } = new AbortController();
  expect(await withDeadline(deadline(1_000, signal), async () => 'done')).toBe('done');
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('rejects on timeout even if the work does not react', async () => {
  const { work, used } = endless();
  const result = expect(withDeadline(deadline(1_000), work)).rejects.toBe(timedOut);
  await vi.advanceTimersByTimeAsync(999);
  expect(used()?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await result;
  expect(used()?.reason).toBe(timedOut);
});

it('rejects when the signal of the caller is aborted', async () => {
  const caller = new AbortController();
  const { work, used } = endless();
  const result = withDeadline(deadline(0, caller.signal), work);
  caller.abort('gone');
  await expect(result).rejects.toMatchObject({ message: 'canceled', cause: 'gone' });
  expect(used()?.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('does not start the work of an aborted caller', async () => {
  const { work, used } = endless();
  const result = withDeadline(deadline(0, AbortSignal.abort('gone')), work);
  await expect(result).rejects.toMatchObject({ cause: 'gone' });
  expect(used()).toBeUndefined();
});

it('passes on the failure of the work', async () => {
  const failing = withDeadline(deadline(1_000), () => Promise.reject(new Error('broken')));
  await expect(failing).rejects.toThrow('broken');
  expect(vi.getTimerCount()).toBe(0);
});

it('ignores a failure of the work after the timeout', async () => {
  const result = withDeadline(
    deadline(1_000),
    (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late')))),
  );
  const rejected = expect(result).rejects.toBe(timedOut);
  await vi.advanceTimersByTimeAsync(1_000);
  await rejected;
});
