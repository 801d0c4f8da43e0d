import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';

it('allows retries for a tenth of the requests, and ten at first', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (events) => {
      const budget = createRetryBudget();
      let queries = 0;
      let retries = 0;
      for (const isRetry of events) {
        if (!isRetry) {
          budget.earn();
          queries += 1;
        } else if (budget.spend()) {
          retries += 1;
        }
      }
      expect(retries).toBeLessThanOrEqual(10 + queries / 10);
    }),
  );
});

it('accumulates at most ten retries', () => {
  const budget = createRetryBudget();
  for (let count = 0; count < 1_000; count += 1) budget.earn();
  const spent = Array.from({ length: 20 }, () => budget.spend());
  expect(spent.filter(Boolean)).toHaveLength(10);
  for (let count = 0; count < 9; count += 1) budget.earn();
  expect(budget.spend()).toBe(false);
  budget.earn();
  expect(budget.spend()).toBe(true);
});
