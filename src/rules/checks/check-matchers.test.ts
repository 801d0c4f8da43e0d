import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import type { RuleFault } from '../fault.ts';
import { checkMatchers } from './check-matchers.ts';

const QUERY = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';

function warningsOf(seriesQuery: string, metricsQuery = QUERY): readonly string[] {
  const faults: RuleFault[] = [];
  const rule = compiledRule({ seriesQuery, metricsQuery });
  const request = {
    series: 'example_total',
    selector: [],
    namespace: { label: 'namespace', value: 'shop' },
    objects: { label: 'pod', names: ['web-0'] },
    groupBy: ['pod'],
  };
  checkMatchers(rule, rule.query, request, (fault) => faults.push(fault));
  return faults.map(({ severity, path, message }) => `${severity}: ${path.join('.')}: ${message}`);
}

function warning(matchers: string, labels: string): string {
  return `warning: metricsQuery: ${matchers} is in seriesQuery only, so the value includes all values of ${labels}: add it to the selector in metricsQuery`;
}

describe('checkMatchers', () => {
  it.each([
    ['up{code="200"}', '`code="200"`', '`code`'],
    ['up{code!="200"}', '`code!="200"`', '`code`'],
    ['up{code=~"2.."}', '`code=~"2.."`', '`code`'],
    ['up{code!~".+"}', '`code!~".+"`', '`code`'],
    ['up{code=""}', '`code=""`', '`code`'],
    ['{__name__=~"a.*",code="200"}', '`code="200"`', '`code`'],
    ['up{code!="200",code!="300",job="a"}', '`code!="200",code!="300",job="a"`', '`code`, `job`'],
    // The query has one of them.
    ['up{job="a",code="200",x="y"}', '`code="200",x="y"`', '`code`, `x`'],
  ])('warns about matchers of %s that the query lacks', (seriesQuery, matchers, labels) => {
    const query = QUERY.replace('{', '{job="b",');
    const hasJob = labels.includes('job');
    expect(warningsOf(seriesQuery, hasJob ? QUERY : query)).toEqual([warning(matchers, labels)]);
  });

  it.each([
    'up',
    'up{code!=""}',
    'up{code=~".+"}',
    'up{code=~".*"}',
    'up{namespace="a",pod=~"b.*"}',
    '{__name__="up"}',
    '{__name__=~"up.*",__name__!="upper"}',
    'sum(up{code="200"})',
    'up{code="200"',
  ])('does not warn about %s', (seriesQuery) => {
    expect(warningsOf(seriesQuery)).toEqual([]);
  });

  it('checks only the selectors of the series', () => {
    const seriesQuery = 'up{code="200"}';
    const found = [warning('`code="200"`', '`code`')];
    expect(warningsOf(seriesQuery, 'sum(up)')).toEqual(found);
    expect(warningsOf(seriesQuery, 'sum(other) / sum(<<.Series>>)')).toEqual(found);
    expect(warningsOf(seriesQuery, 'sum(up) / sum(other{code="1"})')).toEqual(found);
    expect(warningsOf(seriesQuery, 'sum(up) / sum(up{code="1"})')).toEqual([]);
    expect(warningsOf(seriesQuery, 'sum(<<.Series>>{code=~".*"})')).toEqual([]);
    expect(warningsOf(seriesQuery, 'sum(other)')).toEqual([]);
    expect(warningsOf('up{namespace="a",pod=~"b.*"}', 'sum(up)')).toEqual([]);
    expect(warningsOf(seriesQuery, 'sum({job="a"})')).toEqual([]);
    expect(warningsOf('{code="200"}', 'sum({job="a"})')).toEqual([]);
    expect(warningsOf(seriesQuery, 'sum(')).toEqual([]);
    expect(warningsOf(seriesQuery, '<<.Nope>>')).toEqual([]);
  });
});
