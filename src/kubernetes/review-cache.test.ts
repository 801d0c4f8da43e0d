import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReviewCache } from './review-cache.ts';

function cacheWithClock(maxEntries = 10) {
  const clock = { now: 0 };
  let asked = 0;
  const cache = createReviewCache<number>({
    ttlMs: (answer) => (answer < 0 ? 0 : 1000),
    maxEntries,
    now: () => clock.now,
  });
  const answer = (question: string, value = 1) =>
    cache.answer(question, async () => {
      asked += 1;
      return value;
    });
  return { clock, cache, answer, asked: () => asked };
}

describe('createReviewCache', () => {
  it('remembers an answer for its time', async () => {
    const { clock, answer, asked } = cacheWithClock();
    expect(await answer('a', 1)).toBe(1);
    clock.now = 999;
    expect(await answer('a', 2)).toBe(1);
    clock.now = 1000;
    expect(await answer('a', 3)).toBe(3);
    expect(asked()).toBe(2);
  });

  it('does not remember what is for no time', async () => {
    const { answer, asked } = cacheWithClock();
    await answer('a', -1);
    await answer('a', -1);
    expect(asked()).toBe(2);
  });

  it('asks once for those who ask at the same time', async () => {
    const { answer, asked } = cacheWithClock();
    const answers = await Promise.all([answer('a', 1), answer('a', 2), answer('b', 3)]);
    expect(answers).toEqual([1, 1, 3]);
    expect(asked()).toBe(2);
  });

  it('does not remember a failure', async () => {
    const { cache, answer } = cacheWithClock();
    const failing = [1, 2].map(() =>
      cache.answer('a', () => {
        throw new Error('away');
      }),
    );
    for (const each of failing) await expect(each).rejects.toThrow('away');
    expect(await answer('a', 5)).toBe(5);
  });

  it('forgets first what was not asked for longest', async () => {
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

  it('never gives the answer to another question', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { maxLength: 30 }), async (questions) => {
        const cache = createReviewCache<string>({ ttlMs: () => 1000, maxEntries: 5 });
        for (const question of questions) {
          expect(await cache.answer(question, async () => question)).toBe(question);
        }
      }),
    );
  });
});
