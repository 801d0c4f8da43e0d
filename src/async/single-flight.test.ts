import { describe, expect, it } from 'vitest';
import { createSingleFlight, singleFlight } from './single-flight.ts';

/** A call that the test ends. */
function controlled() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const start = (signal: AbortSignal): Promise<string> => {
    signals.push(signal);
    return promise;
  };
  return { start, signals, promise, resolve, reject };
}

describe('createSingleFlight', () => {
  it('makes one call for equal keys', async () => {
    const calls = createSingleFlight<string>();
    const { start, signals, resolve } = controlled();
    const both = Promise.all([
      calls.join('a', start, undefined),
      calls.join('a', start, undefined),
    ]);
    resolve('answer');
    expect(await both).toEqual(['answer', 'answer']);
    expect(signals).toHaveLength(1);
  });

  it('makes a new call after the last one has ended or failed', async () => {
    const calls = createSingleFlight<string>();
    const first = controlled();
    const joined = calls.join('a', first.start, undefined);
    first.reject(new Error('broken'));
    await expect(joined).rejects.toThrow('broken');
    const second = controlled();
    second.resolve('fine');
    expect(await calls.join('a', second.start, undefined)).toBe('fine');
  });

  it('keeps a new call when an abandoned one ends', async () => {
    const calls = createSingleFlight<string>();
    const gone = new AbortController();
    const old = controlled();
    const abandoned = calls.join('a', old.start, gone.signal);
    gone.abort(new Error('gone'));
    await expect(abandoned).rejects.toThrow('gone');
    const next = controlled();
    const first = calls.join('a', next.start, undefined);
    old.resolve('late');
    await old.promise;
    await Promise.resolve();
    const second = calls.join('a', next.start, undefined);
    next.resolve('fine');
    expect(await Promise.all([first, second])).toEqual(['fine', 'fine']);
    expect(next.signals).toHaveLength(1);
  });

  it('separates different keys', async () => {
    const calls = createSingleFlight<string>();
    const [a, b] = [controlled(), controlled()];
    a.resolve('a');
    b.resolve('b');
    const joined = [calls.join('a', a.start, undefined), calls.join('b', b.start, undefined)];
    expect(await Promise.all(joined)).toEqual(['a', 'b']);
  });

  it('continues while a caller waits', async () => {
    const calls = createSingleFlight<string>();
    const { start, signals, resolve } = controlled();
    const controller = new AbortController();
    const leaving = calls.join('a', start, controller.signal);
    const staying = calls.join('a', start, undefined);
    controller.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    expect(signals[0]?.aborted).toBe(false);
    resolve('answer');
    expect(await staying).toBe('answer');
  });

  it('aborts the call when all callers have left, and starts a new one for later callers', async () => {
    const calls = createSingleFlight<string>();
    const first = controlled();
    const controllers = [new AbortController(), new AbortController()];
    const leaving = controllers.map(({ signal }) => calls.join('a', first.start, signal));
    for (const controller of controllers) controller.abort(new Error('left'));
    for (const each of leaving) await expect(each).rejects.toThrow('left');
    expect(first.signals[0]?.aborted).toBe(true);

    const second = controlled();
    const joined = calls.join('a', second.start, undefined);
    first.reject(new Error('aborted'));
    second.resolve('fresh');
    expect(await joined).toBe('fresh');
  });

  it('starts no call for an already aborted caller', async () => {
    const calls = createSingleFlight<string>();
    const { start, signals } = controlled();
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(calls.join('a', start, gone)).rejects.toThrow('gone');
    expect(signals).toEqual([]);
  });

  it('ignores an abort after the call has ended', async () => {
    const calls = createSingleFlight<string>();
    const { start, signals, resolve } = controlled();
    const controller = new AbortController();
    const joined = calls.join('a', start, controller.signal);
    resolve('answer');
    expect(await joined).toBe('answer');
    await new Promise(setImmediate);
    controller.abort();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('singleFlight', () => {
  it('joins the call in progress, and starts a new one after it has ended or failed', async () => {
    const results = [controlled(), controlled(), controlled()];
    let calls = 0;
    const call = singleFlight(() => {
      const { promise } = results[calls] ?? controlled();
      calls += 1;
      return promise;
    });
    const both = Promise.all([call(), call()]);
    results[0]?.resolve('first');
    expect(await both).toEqual(['first', 'first']);
    const failing = call();
    results[1]?.reject(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    const last = call();
    results[2]?.resolve('last');
    expect(await last).toBe('last');
    expect(calls).toBe(3);
  });
});
