import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStallDetector, type StallDetector } from './stall-detector.ts';

let detector: StallDetector | undefined;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  detector?.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** A detector of 750 ms over one request, with probes that succeed after `answerMs`, or never. */
function detect(settings: { readonly answerMs?: number; readonly timeoutMs?: number } = {}) {
  const { answerMs, timeoutMs = 750 } = settings;
  const state = { waiting: true, received: false, answerMs };
  const probes: number[] = [];
  const aborted: number[] = [];
  const stalledAt: number[] = [];
  detector = createStallDetector({
    timeoutMs,
    isWaiting: () => state.waiting,
    hasReceived() {
      const received = state.received;
      state.received = false;
      return received;
    },
    probe(signal) {
      probes.push(Date.now());
      signal.addEventListener('abort', () => aborted.push(Date.now()));
      const { promise, resolve } = Promise.withResolvers<void>();
      if (state.answerMs !== undefined) setTimeout(resolve, state.answerMs);
      return promise;
    },
    onStall: () => stalledAt.push(Date.now()),
  });
  return { detector, state, probes, aborted, stalledAt };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('a stall', () => {
  it('is reported after the timeout, with a probe after a third of it', async () => {
    const { detector, state, probes, aborted, stalledAt } = detect();
    detector.begin();
    await pass(749);
    expect(probes).toEqual([250]);
    expect(stalledAt).toEqual([]);
    // The verdict uses setImmediate, which takes a millisecond of the fake clock.
    await pass(2);
    expect(stalledAt).toEqual([751]);
    expect(aborted).toEqual([751]);
    state.waiting = false;
    await pass(10_000);
    expect(stalledAt).toEqual([751]);
  });

  it('is not reported if a probe succeeds, for any duration of the query', async () => {
    const { detector, state, probes, stalledAt } = detect({ answerMs: 400 });
    detector.begin();
    await pass(20_000);
    expect(stalledAt).toEqual([]);
    expect(probes.length).toBeGreaterThan(20);
    state.waiting = false;
    await pass(1_000);
  });

  it('is not reported while data arrives, and no probe is sent', async () => {
    const { detector, state, probes, stalledAt } = detect();
    detector.begin();
    for (let count = 0; count < 50; count += 1) {
      await pass(200);
      state.received = true;
    }
    expect([probes, stalledAt]).toEqual([[], []]);
  });

  it('starts again with any data', async () => {
    const { detector, state, stalledAt } = detect();
    detector.begin();
    await pass(700);
    state.received = true;
    await pass(740);
    expect(stalledAt).toEqual([]);
    await pass(61);
    expect(stalledAt).toEqual([1_501]);
  });

  it('is not reported without requests, and starts with the next request', async () => {
    const { detector, state, stalledAt } = detect();
    detector.begin();
    await pass(700);
    state.waiting = false;
    await pass(60);
    expect(vi.getTimerCount()).toBe(0);
    state.waiting = true;
    await pass(10_000);
    detector.begin();
    await pass(740);
    expect(stalledAt).toEqual([]);
    await pass(11);
    expect(stalledAt).toEqual([11_511]);
  });

  it('is never reported with a timeout of 0', async () => {
    const { detector, stalledAt, probes } = detect({ timeoutMs: 0 });
    detector.begin();
    await pass(60_000);
    expect([stalledAt, probes]).toEqual([[], []]);
  });

  it('does not count the time while this process was stopped', async () => {
    const { detector, state, stalledAt } = detect();
    detector.begin();
    await pass(300);
    // Nothing runs for ten seconds. Then there is one tick, and after it the data that has arrived.
    vi.setSystemTime(10_300);
    await pass(50);
    expect(stalledAt).toEqual([]);
    state.received = true;
    await pass(700);
    expect(stalledAt).toEqual([]);
  });
});
