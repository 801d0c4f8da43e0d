import { describe, expect, it } from 'vitest';
import { lostLabel } from './lost-label.ts';

describe('lostLabel', () => {
  it.each([
    'x',
    'x{pod=""}',
    'rate(x[5m])',
    'sum by (pod) (x)',
    'sum(x) by (namespace, pod)',
    'sum(x) by ("pod")',
    'sum without (container) (x)',
    'topk(1, x)',
    'bottomk by (namespace) (1, x)',
    'count_values("pod", x)',
    'sum by (pod) (x) / sum by (pod) (y)',
    'sum by (pod) (x) / on (pod) sum by (pod) (y)',
    'x / ignoring (code) y',
    'x * on (node) group_left () y',
    'y * on (node) group_right () x',
    'sum by (node) (x) * on (node) group_left (pod) y',
    'sum by (pod) (x) > 5',
    '100 - sum by (pod) (x)',
    'sum(x) or sum by (pod) (x)',
    'sum by (pod) (x) and on () vector(1)',
    'sum by (pod) (x) unless sum(y)',
    'sum by (pod) (x) * scalar(sum(y))',
    'absent(x{pod="a"})',
    'label_replace(sum(x), "pod", "a", "", "")',
    'label_join(sum(x), "pod", "-", "job")',
    'info(sum(x))',
    'histogram_quantiles(sum by (le) (x), "pod", 0.5, 0.9)',
    'histogram_quantile(0.9, sum by (le, pod) (rate(x_bucket[5m])))',
    'max_over_time(sum by (pod) (x)[10m:])',
    '-(sum by (pod) (x) offset 5m)',
    'absent_over_time(x{pod="a"}[5m])',
    'COUNT_VALUES("pod", sum(x))',
    'count_values by (pod) ("version", x)',
    'limitk(1, x)',
    'limit_ratio(0.5, x)',
    'x / ignoring (pod) group_left () y',
    'sum(x) * ignoring (node) group_left (pod) y',
    'x * on (node) group_right (pod) sum(y)',
    'x unless sum(y)',
    'x and sum(y)',
    'sum(x) + fill (0) y',
    'x + fill (0) sum(y)',
    'label_replace(x, "app", "$1", "pod", "(.*)")',
    'timestamp(x)',
    'x + x > bool x',
    'quantile by (pod) (0.5, x)',
    '(x + 5) or sum(y)',
    '(5 + x) or sum(y)',
    'sum(y) or (x > 5)',
    'ceil(x * 2)',
    'ceil(2 * x)',
    'max by (pod) (2 - x)',
    'sum(x)[5m:1m]',
    'sum by (node) (rate(x))',
    'sum(x[5m])',
    'sum by (pod',
    'sum(x) offset 5m',
    'scalar(sum(x))',
    '5',
    `${'('.repeat(300)}sum(x)${')'.repeat(300)}`,
  ])('does not report it as lost in %.60s', (query) => {
    expect(lostLabel(query, 'pod')).toBeUndefined();
  });

  it.each([
    ['sum(x)', 'sum', '`sum` is not grouped by `pod`'],
    ['sum by (namespace) (x)', 'sum', '`sum` is not grouped by `pod`'],
    ['avg without (pod) (x)', 'avg', '`avg without` takes the label `pod` away'],
    ['rate(x[5m]) / on (node) y', 'on', '`on` takes the label `pod` away'],
    ['x / ignoring (pod) y', 'ignoring', '`ignoring` takes the label `pod` away'],
    ['sum by (pod) (x) / sum(y)', 'sum', '`sum` is not grouped by `pod`'],
    ['x * on (pod) group_left () sum by (node) (y)', 'sum', '`sum` is not grouped by `pod`'],
    ['sum by (pod) (sum by (node) (x))', 'sum', '`sum` is not grouped by `pod`'],
    ['topk(3, sum by (node) (x))', 'sum', '`sum` is not grouped by `pod`'],
    ['count_values("version", x)', 'count_values', '`count_values` is not grouped by `pod`'],
    ['1 + sum(x) > 5', 'sum', '`sum` is not grouped by `pod`'],
    ['sum(x) or vector(0)', 'vector', '`vector` gives a sample without the label `pod`'],
    ['sum(x) and y', 'sum', '`sum` is not grouped by `pod`'],
    ['sum(x) unless y', 'sum', '`sum` is not grouped by `pod`'],
    ['sum(x) + fill (0) sum(y)', 'sum', '`sum` is not grouped by `pod`'],
    ['x * on (node) group_left (pod) sum(y)', 'sum', '`sum` is not grouped by `pod`'],
    ['x * on (node) group_right () sum(y)', 'sum', '`sum` is not grouped by `pod`'],
    ['sum(x) * on (node) group_left () y', 'sum', '`sum` is not grouped by `pod`'],
    ['sum(x) / on (pod) y', 'sum', '`sum` is not grouped by `pod`'],
    ['x + sum(y)', 'sum', '`sum` is not grouped by `pod`'],
    ['x / on () y', 'on', '`on` takes the label `pod` away'],
    ['limitk(1, sum(x))', 'sum', '`sum` is not grouped by `pod`'],
    ['label_join(sum(x), "app", "-", "pod")', 'sum', '`sum` is not grouped by `pod`'],
    ['histogram_quantiles(sum(x), "q", 0.5)', 'sum', '`sum` is not grouped by `pod`'],
    ['vector(scalar(x))', 'vector', '`vector` gives a sample without the label `pod`'],
    ['max without (pod) (topk by (pod) (1, x))', 'max', '`max without` takes the label `pod` away'],
    ['sum by (pod) (avg without (pod) (x))', 'avg', '`avg without` takes the label `pod` away'],
    ['quantile(0.5, x)', 'quantile', '`quantile` is not grouped by `pod`'],
    ['hour()', 'hour', '`hour` gives a sample without the label `pod`'],
    ['label_replace(SUM(x), "app", "$1", "pod", "(.*)")', 'SUM', '`SUM` is not grouped by `pod`'],
    ['max_over_time(sum(x)[10m:1m])', 'sum', '`sum` is not grouped by `pod`'],
  ])('reports the construct that removes it in %s', (query, at, reason) => {
    const found = lostLabel(query, 'pod');
    expect(found?.reason).toBe(reason);
    expect(query.slice(found?.from, found?.to)).toBe(at);
  });

  it('removes the bucket label in quantiles of a histogram', () => {
    const query = 'histogram_quantile(0.9, rate(x_bucket[5m]))';
    const found = lostLabel(query, 'le');
    expect(found).toMatchObject({ by: 'function', reason: '`histogram_quantile` takes `le` away' });
    expect(lostLabel('histogram_fraction(0, 1, x)', 'le')).toBeUndefined();
  });

  it('reports what kind of expression removes it', () => {
    expect(lostLabel('sum(x)', 'pod')?.by).toBe('aggregation');
    expect(lostLabel('x / on () y', 'pod')?.by).toBe('matching');
    expect(lostLabel('vector(1)', 'pod')?.by).toBe('function');
  });

  it('finds the innermost place', () => {
    expect(lostLabel('sum by (a) (sum by (b) (x))', 'pod')).toMatchObject({ from: 12, to: 15 });
    expect(lostLabel('x / on (a) (x / on (b) y)', 'pod')).toMatchObject({ from: 4, to: 6 });
  });

  it('compares label names exactly', () => {
    expect(lostLabel('sum by ("k8s.pod") (x)', 'k8s.pod')).toBeUndefined();
    expect(lostLabel('sum by (pod_name) (x)', 'pod')?.reason).toContain('not grouped');
  });
});
