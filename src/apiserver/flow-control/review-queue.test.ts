import { describe, expect, it } from 'vitest';
import { createReviewQueue } from './review-queue.ts';

const { signal } = new AbortController();

function queueOf(mostRunning: number, mostWaiting: number) {
  const counts: Record<string, { running: number; waiting: number }> = {};
  const rejected: string[] = [];
  const queue = createReviewQueue({
    mostRunning,
    mostWaiting,
    onChange: (pool, now) => {
      counts[pool] = now;
    },
    onRejected: (pool, reason) => rejected.push(`${pool} ${reason}`),
  });
  return { queue, counts, rejected };
}

describe('createReviewQueue', () => {
  it('reserves reviews for the front proxy', async () => {
    const { queue, counts, rejected } = queueOf(4, 4);
    const strangers = Array.from({ length: 3 }, (_, i) =>
      queue.enter({ pool: 'unproven', flow: `address ${i}` }, signal),
    );
    const leave = await strangers[0];
    await expect(strangers[2]).rejects.toMatchObject({
      status: { code: 429, details: { retryAfterSeconds: 1 } },
    });
    for (const flow of ['a', 'b', 'c']) await queue.enter({ pool: 'front_proxy', flow }, signal);
    expect(counts).toEqual({
      front_proxy: { running: 3, waiting: 0 },
      unproven: { running: 1, waiting: 1 },
    });
    expect(rejected).toEqual(['unproven full']);
    leave?.();
    expect(await strangers[1]).toBeTypeOf('function');
    expect(counts.unproven).toEqual({ running: 1, waiting: 0 });
  });

  it('serves a user of the front proxy although another has many waiting', async () => {
    const { queue, counts } = queueOf(4, 40);
    for (let i = 0; i < 10; i += 1) {
      queue.enter({ pool: 'front_proxy', flow: 'tenant' }, signal).catch(() => undefined);
    }
    await queue.enter({ pool: 'front_proxy', flow: 'autoscaler' }, signal);
    expect(counts.front_proxy).toEqual({ running: 3, waiting: 8 });
  });

  it('allows at least one review per pool', async () => {
    const { queue } = queueOf(1, 1);
    await queue.enter({ pool: 'front_proxy', flow: 'a' }, signal);
    expect(await queue.enter({ pool: 'unproven', flow: 'a' }, signal)).toBeTypeOf('function');
  });
});
