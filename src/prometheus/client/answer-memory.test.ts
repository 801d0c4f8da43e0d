import { describe, expect, test } from 'vitest';
import { createAnswerMemory } from './answer-memory.ts';

const { signal } = new AbortController();

/** Whether a promise is settled already. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await Promise.resolve();
  return (
    (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) !== pending
  );
}

describe('createAnswerMemory', () => {
  test('concurrent responses share one third', () => {
    const memory = createAnswerMemory(300);
    expect(memory.open().take(50, signal)).toBeUndefined();
    expect(memory.open().take(50, signal)).toBeUndefined();
  });

  test('one response may exceed that, others wait until it is released', async () => {
    const memory = createAnswerMemory(300);
    const [large, other, third] = [memory.open(), memory.open(), memory.open()];
    expect(large.take(150, signal)).toBeUndefined();
    expect(other.take(90, signal)).toBeUndefined();
    const waiting = other.take(90, signal) ?? Promise.resolve();
    const last = third.take(5, signal) ?? Promise.resolve();
    expect(await isSettled(waiting)).toBe(false);
    // In order of arrival, although this one would fit.
    expect(await isSettled(last)).toBe(false);
    large.release();
    await Promise.all([waiting, last]);
  });

  test('the response with the larger part never waits', () => {
    const memory = createAnswerMemory(300);
    const large = memory.open();
    expect(large.take(150, signal)).toBeUndefined();
    void memory.open().take(150, signal);
    expect(large.take(50, signal)).toBeUndefined();
  });

  test('a response larger than two thirds is rejected, and the error names the flag', () => {
    const share = createAnswerMemory(300).open();
    expect(() => share.take(201, signal)).toThrow(
      expect.objectContaining({
        kind: 'too_large',
        message: expect.stringContaining(
          'larger than 200 bytes, which is two thirds of --prometheus-max-answer-memory',
        ),
      }),
    );
  });

  test('the number of waiting responses is limited', async () => {
    const memory = createAnswerMemory(300);
    const large = memory.open();
    large.take(200, signal);
    const waiting = Array.from({ length: 32 }, () => memory.open().take(150, signal));
    expect(() => memory.open().take(150, signal)).toThrow('32 large responses are already waiting');
    large.release();
    await waiting[0];
  });

  test('an aborted response leaves the queue', async () => {
    const memory = createAnswerMemory(300);
    const large = memory.open();
    large.take(200, signal);
    const reason = new Error('enough');
    const controller = new AbortController();
    const waiting = memory.open().take(150, controller.signal);
    const next = memory.open().take(150, signal) ?? Promise.resolve();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    large.release();
    await next;
  });

  test('is released when the response is no longer in use, and frees it then', async () => {
    const memory = createAnswerMemory(300);
    const share = memory.open();
    let freed = 0;
    share.onRelease(() => {
      freed += 1;
    });
    share.take(200, signal);
    const inUse = new AbortController();
    share.releaseAfter(inUse.signal);
    const next = memory.open().take(200, signal) ?? Promise.resolve();
    expect(await isSettled(next)).toBe(false);
    expect(freed).toBe(0);
    inUse.abort();
    await next;
    share.release();
    expect(freed).toBe(1);
  });

  test('a response without a signal does not count, and is not freed', () => {
    const memory = createAnswerMemory(300);
    const share = memory.open();
    share.onRelease(() => expect.fail('freed'));
    share.take(200, signal);
    share.releaseAfter(undefined);
    expect(memory.open().take(200, signal)).toBeUndefined();
  });
});
