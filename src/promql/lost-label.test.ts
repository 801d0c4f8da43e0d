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
    'sum by (pod',
    'sum(x) offset 5m',
    'scalar(sum(x))',
    '5',
    `${'('.repeat(300)}sum(x)${')'.repeat(300)}`,
  ])('does not find it lost in %.60s', (query) => {
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
    ['hour()', 'hour', '`hour` gives a sample without the label `pod`'],
    ['label_replace(SUM(x), "app", "$1", "pod", "(.*)")', 'SUM', '`SUM` is not grouped by `pod`'],
    ['max_over_time(sum(x)[10m:1m])', 'sum', '`sum` is not grouped by `pod`'],
  ])('finds what loses it in %s', (query, at, reason) => {
    const found = lostLabel(query, 'pod');
    expect(found?.reason).toBe(reason);
    expect(query.slice(found?.from, found?.to)).toBe(at);
  });

  it('takes a label by its very name', () => {
    expect(lostLabel('sum by ("k8s.pod") (x)', 'k8s.pod')).toBeUndefined();
    expect(lostLabel('sum by (pod_name) (x)', 'pod')?.reason).toContain('not grouped');
  });
});
