import { describe, expect, it } from 'vitest';
import { AGGREGATIONS, FUNCTIONS } from '../syntax/functions.ts';
import { looksLikeMetricsql } from './metricsql.ts';

describe('looksLikeMetricsql', () => {
  it.each([
    'WITH (x = up{job="a"}) sum(x)',
    'up default 0',
    'sum(up) by (pod) keep_metric_names',
    'up if (up > 1)',
    'rollup_rate(up[5m])',
    'median(up)',
    'label_set(up, "a", "b")',
    'sum(range_avg(up[5m]))',
    '{a="b" or c="d"}',
    '{a="b"} IF up',
    'up DEFAULT 0',
    'up ifnot down',
    'MEDIAN(up)',
    'sum2(up)',
    'increase_pure(up[5m])',
    'delta_prometheus(up[5m])',
    'keep_last_value(up)',
    'keep_next_value(up)',
    'share_eq_over_time(up[5m], 1)',
    'topk_avg(1, up)',
    'up + lag(up[5m])',
  ])('finds it in %j', (query) => {
    expect(looksLikeMetricsql(query)).toBe(true);
  });

  it.each([
    'sum(rate(up[5m]) by (pod)',
    'up{default="a",if="b"}',
    'default',
    'median',
    'median + (up)',
    'xmedian(up)',
    'medians(up)',
    'rate_other(up)',
    'keep_other_value(up)',
    'topk_(up)',
    'up{or="a"}',
    'up{a="b",or="c"}',
    'up{a="b" if "c"}',
    '{a="b" default c="d"}',
    'up or down',
    'up{job="a"} or up{job="b"',
    '"WITH ("',
    'up # default',
    'sum_overtime(up[5m])',
    '',
  ])('does not find it in %j', (query) => {
    expect(looksLikeMetricsql(query)).toBe(false);
  });

  it('does not report functions of PromQL as MetricsQL', () => {
    const calls = [...FUNCTIONS.keys(), ...AGGREGATIONS.keys()].map((name) => `${name}(up)`);
    expect(calls.filter(looksLikeMetricsql)).toEqual([]);
  });
});
