import { expect, it } from 'vitest';
import { createStaleness } from './staleness.ts';

it('counts from the first loss of contact until the next response', () => {
  let clock = 100;
  const staleness = createStaleness(() => clock);
  clock = 130;
  expect(staleness.staleForMs()).toBe(30);
  staleness.fresh();
  clock = 200;
  expect(staleness.staleForMs()).toBe(0);
  staleness.stale();
  clock = 250;
  staleness.stale();
  expect(staleness.staleForMs()).toBe(50);
});
