import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

it('allows the burst at first, then one token per interval', () => {
  let now = 0;
  const bucket = createTokenBucket({ tokensPerSecond: 2, burst: 3, now: () => now });
  expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
  now = 499;
  expect(bucket.tryTake()).toBe(false);
  now = 500;
  expect([1, 2].map(() => bucket.tryTake())).toEqual([true, false]);
});

it('returns the wait until a reserved token exists, and takes tokens back', () => {
  const bucket = createTokenBucket({ tokensPerSecond: 10, burst: 1, now: () => 0 });
  expect([1, 2, 3].map(() => bucket.reserve())).toEqual([0, 100, 200]);
  bucket.giveBack();
  expect(bucket.reserve()).toBe(200);
});

it('never exceeds the burst and the rate', () => {
  const steps = fc.array(fc.nat({ max: 2_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (pauses, burst) => {
      let now = 0;
      let taken = 0;
      const bucket = createTokenBucket({ tokensPerSecond: 1, burst, now: () => now });
      for (const pause of pauses) {
        now += pause;
        if (bucket.tryTake()) taken += 1;
      }
      expect(taken).toBeLessThanOrEqual(burst + now / 1000);
    }),
  );
});
