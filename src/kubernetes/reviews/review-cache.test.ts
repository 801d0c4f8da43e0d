import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reviewCaller } from '../../../test/fixtures/review-caller.ts';
import { createReviewCache } from './review-cache.ts';

function cacheWithClock(maxEntries = 10, secret = true) {
  const clock = { now: 1 };
  let asked = 0;
  const cache = createReviewCache<number>({
    ttlMs: (answer) => (answer < 0 ? 0 : 1000),
    maxEntries,
    secret,
    now: () => clock.now,
  });
  const answer = (question: string, value = 1) =>
    cache.answer(
      question,
      async () => {
        asked += 1;
        return value;
      },
      reviewCaller(),
    );
  return { clock, cache, answer, asked: () => asked };
}

describe('createReviewCache', () => {
  it.each([true, false])('caches an answer for its TTL, secret: %s', async (secret) => {
    const { clock, answer, asked } = cacheWithClock(10, secret);
    expect(await answer('a', 1)).toBe(1);
    clock.now = 1001;
    expect(await answer('a', 2)).toBe(1);
    clock.now = 1002;
    expect(await answer('a', 3)).toBe(3);
    expect(asked()).toBe(2);
  });

  it('does not cache an answer with TTL 0', async () => {
    const { answer, asked } = cacheWithClock();
    await answer('a', -1);
    await answer('a', -1);
    expect(asked()).toBe(2);
  });

  it('keeps a cached answer when one arrives that must not be cached', async () => {
    const { answer, asked } = cacheWithClock(2);
    await answer('a');
    await answer('b');
    await answer('c', -1);
    expect([await answer('a', 2), await answer('b', 2)]).toEqual([1, 1]);
    expect(asked()).toBe(3);
  });

  it('expires entries by its own clock by default', async () => {
    const cache = createReviewCache<number>({ ttlMs: () => 1, maxEntries: 10, secret: true });
    let asked = 0;
    const ask = async (): Promise<number> => {
      asked += 1;
      return asked;
    };
    await expect.poll(() => cache.answer('a', ask, reviewCaller())).toBe(2);
  });

  it('calls `ask` once for concurrent callers', async () => {
    const { answer, asked } = cacheWithClock();
    const answers = await Promise.all([answer('a', 1), answer('a', 2), answer('b', 3)]);
    expect(answers).toEqual([1, 1, 3]);
    expect(asked()).toBe(2);
  });

  it('does not cache a failure', async () => {
    const { cache, answer } = cacheWithClock();
    const failing = [1, 2].map(() =>
      cache.answer(
        'a',
        () => {
          throw new Error('away');
        },
        reviewCaller(),
      ),
    );
    for (const each of failing) await expect(each).rejects.toThrow('away');
    expect(await answer('a', 5)).toBe(5);
  });

  it('shares a wait only between callers of the same pool', async () => {
    const { cache } = cacheWithClock();
    const asked: string[] = [];
    const end = Promise.withResolvers<void>();
    const ask = (pool: 'unproven' | 'front_proxy'): Promise<number> =>
      cache.answer(
        'a',
        async () => {
          asked.push(pool);
          await end.promise;
          return asked.length;
        },
        reviewCaller({ pool }),
      );
    const answers = [ask('unproven'), ask('front_proxy'), ask('front_proxy')];
    end.resolve();
    await Promise.all(answers);
    expect(asked).toEqual(['unproven', 'front_proxy']);
  });

  it('calls onWait only for callers that wait, and sends no review for those that must not wait', async () => {
    const { cache, asked, answer } = cacheWithClock();
    let waits = 0;
    const onWait = (): void => {
      waits += 1;
      if (waits > 1) throw new Error('no place');
    };
    const ask = async (): Promise<number> => 5;
    expect(await cache.answer('a', ask, reviewCaller({ onWait }))).toBe(5);
    expect(await cache.answer('a', ask, reviewCaller({ onWait }))).toBe(5);
    expect(waits).toBe(1);
    await expect(cache.answer('b', ask, reviewCaller({ onWait }))).rejects.toThrow('no place');
    expect(await answer('b', 6)).toBe(6);
    expect(asked()).toBe(1);
  });

  it('ends the wait of an aborted caller, and continues for the others', async () => {
    const { cache, answer } = cacheWithClock();
    const gone = new AbortController();
    const end = Promise.withResolvers<number>();
    const signals: AbortSignal[] = [];
    const ask = (signal: AbortSignal): Promise<number> => {
      signals.push(signal);
      return end.promise;
    };
    const first = cache.answer('a', ask, reviewCaller({ signal: gone.signal }));
    const second = cache.answer('a', ask, reviewCaller());
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    end.resolve(7);
    expect(await second).toBe(7);
    expect(await answer('a', 8)).toBe(7);
  });

  it('aborts when no caller waits anymore, and still caches the answer', async () => {
    const { cache, answer } = cacheWithClock();
    const gone = new AbortController();
    const end = Promise.withResolvers<number>();
    const abandoned = Promise.withResolvers<void>();
    const ask = (signal: AbortSignal): Promise<number> => {
      signal.addEventListener('abort', () => abandoned.resolve());
      return end.promise;
    };
    const asked = cache.answer('a', ask, reviewCaller({ signal: gone.signal }));
    gone.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await abandoned.promise;
    end.resolve(7);
    await end.promise;
    await Promise.resolve();
    expect(await answer('a', 8)).toBe(7);
  });

  it('evicts the least recently used answer', async () => {
    const { answer, asked } = cacheWithClock(2);
    await answer('a');
    await answer('b');
    await answer('a');
    await answer('c');
    expect(asked()).toBe(3);
    await answer('a');
    expect(asked()).toBe(3);
    await answer('b');
    expect(asked()).toBe(4);
  });

  it.each([true, false])('distinguishes long questions, secret: %s', async (secret) => {
    const { answer, asked } = cacheWithClock(10, secret);
    const long = 'x'.repeat(5_000);
    expect(await answer(`${long}1`, 1)).toBe(1);
    expect(await answer(`${long}2`, 2)).toBe(2);
    expect(await answer(`${long}1`, 3)).toBe(1);
    expect(asked()).toBe(2);
  });

  it.each([true, false])('does not store long questions, secret: %s', async (secret) => {
    const { answer } = cacheWithClock(1_000, secret);
    const before = heapUsed();
    for (let i = 0; i < 1_000; i += 1) await answer(Buffer.alloc(60_000, `${i} `).toString());
    expect(heapUsed() - before).toBeLessThan(10_000_000);
    // The cached answer remains.
    expect(await answer('a', 7)).toBe(7);
  });

  it('never returns the answer to another question', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { maxLength: 30 }), async (questions) => {
        const cache = createReviewCache<string>({ ttlMs: () => 1000, maxEntries: 5, secret: true });
        for (const question of questions) {
          expect(await cache.answer(question, async () => question, reviewCaller())).toBe(question);
        }
      }),
    );
  });
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
