import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRateLimiter } from './rate-limiter.ts';

describe('createRateLimiter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Starts callers and counts those that may continue. */
  function start(limiter: ReturnType<typeof createRateLimiter>, callers: number) {
    const passed: number[] = [];
    for (let caller = 0; caller < callers; caller += 1) {
      void limiter.acquire(new AbortController().signal).then(() => passed.push(caller));
    }
    return passed;
  }

  it('admits a burst, then one caller at a time, in order', async () => {
    const passed = start(createRateLimiter({ qps: 2, burst: 3 }), 6);
    await vi.advanceTimersByTimeAsync(0);
    expect(passed).toEqual([0, 1, 2]);
    await vi.advanceTimersByTimeAsync(499);
    expect(passed).toEqual([0, 1, 2]);
    await vi.advanceTimersByTimeAsync(1);
    expect(passed).toEqual([0, 1, 2, 3]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(passed).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('does not accumulate more than the burst', async () => {
    const limiter = createRateLimiter({ qps: 10, burst: 2 });
    start(limiter, 2);
    await vi.advanceTimersByTimeAsync(60_000);
    const passed = start(limiter, 5);
    await vi.advanceTimersByTimeAsync(0);
    expect(passed).toEqual([0, 1]);
  });

  it('gives the token of an aborted caller to the next one', async () => {
    const limiter = createRateLimiter({ qps: 1, burst: 1 });
    const controller = new AbortController();
    start(limiter, 1);
    const refused = expect(limiter.acquire(controller.signal)).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await refused;
    const passed = start(limiter, 1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(passed).toEqual([0]);
  });

  it('uses the qps as the burst by default', async () => {
    const passed = start(createRateLimiter({ qps: 2.5 }), 4);
    await vi.advanceTimersByTimeAsync(0);
    expect(passed).toEqual([0, 1]);
    await vi.advanceTimersByTimeAsync(400);
    expect(passed).toEqual([0, 1, 2]);
  });

  it('leaves no timer and no listener', async () => {
    const limiter = createRateLimiter({ qps: 1, burst: 1 });
    start(limiter, 1);
    const waiting = new AbortController();
    const waited = limiter.acquire(waiting.signal);
    await vi.advanceTimersByTimeAsync(1000);
    await waited;
    expect(getEventListeners(waiting.signal, 'abort')).toEqual([]);
    const leaving = new AbortController();
    const left = limiter.acquire(leaving.signal).catch(() => 'left');
    // It waits by now.
    await vi.advanceTimersByTimeAsync(1);
    leaving.abort();
    expect(await left).toBe('left');
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(leaving.signal, 'abort')).toEqual([]);
  });

  it.each([0, 0.5, -3])('admits one caller at once with a burst of %s', async (burst) => {
    const passed = start(createRateLimiter({ qps: 1, burst }), 2);
    await vi.advanceTimersByTimeAsync(0);
    expect(passed).toEqual([0]);
  });

  it('rejects an aborted caller', async () => {
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(createRateLimiter({}).acquire(signal)).rejects.toThrow('gone');
    await expect(createRateLimiter({ qps: 1 }).acquire(signal)).rejects.toThrow('gone');
  });

  it.each([undefined, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    'has no limit with a qps of %s',
    async (qps) => {
      const passed = start(createRateLimiter({ qps, burst: 1 }), 1000);
      await vi.advanceTimersByTimeAsync(0);
      expect(passed).toHaveLength(1000);
    },
  );
});
