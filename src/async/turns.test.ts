import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

it('runs one task at a time, also after a failed one', async () => {
  const turns = createTurns();
  const order: string[] = [];
  const work = (name: string, isFailing = false) =>
    turns.take(async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (isFailing) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([work('a'), work('b', true), work('c')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
