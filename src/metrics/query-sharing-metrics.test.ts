import { expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import type { QueryRequest } from '../rules/metrics-query.ts';
import { createDemand } from './query-sharing-demand.ts';
import { createSharedMetrics } from './query-sharing-metrics.ts';

const rule = compiledRule({ metricsQuery: 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})' });

function find(value: string) {
  const request: QueryRequest = {
    series: 'x',
    selector: [{ key: 'path', operator: '=', values: [value] }],
    objects: { label: 'pod', names: ['a', 'b'] },
    groupBy: ['pod'],
  };
  const metrics = createSharedMetrics(() => createDemand(1000, () => 0));
  return metrics.find(rule.query.for(request), { rule, request });
}

it('shares the metrics of a selector, unless that is longer than any that is meant', () => {
  expect(find('/checkout')?.shared.promql).toBe('sum by (pod) (x{path="/checkout",pod!=""})');
  expect(find('/'.repeat(1024))).toBeUndefined();
});
