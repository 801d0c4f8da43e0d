import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import type { RuleFault } from '../fault.ts';
import { checkSeries } from './check-series.ts';

const REQUEST = {
  series: 'example_total',
  selector: [],
  objects: { label: 'pod', names: ['web-0'] },
  groupBy: ['pod'],
};

type Rule = Parameters<typeof compiledRule>[0];

function faultsOf(rule: Rule, hasRule = true): readonly RuleFault[] {
  const faults: RuleFault[] = [];
  const compiled = compiledRule(rule);
  checkSeries(hasRule ? compiled : undefined, compiled.query, ['q'], REQUEST, (fault) =>
    faults.push(fault),
  );
  return faults;
}

const SEVERAL = '{__name__=~"a.*"}';

describe('checkSeries', () => {
  it.each([
    '{<<.LabelMatchers>>}',
    'x + {<<.LabelMatchers>>}',
    'sum(rate({job="a"}[1m])) by (pod)',
  ])('warns about %s, which has no metric name', (metricsQuery) => {
    const message = expect.stringContaining('e.g. <<.Series>>{<<.LabelMatchers>>}');
    expect(faultsOf({ metricsQuery })).toEqual([{ severity: 'warning', path: ['q'], message }]);
    expect(faultsOf({ metricsQuery, seriesQuery: SEVERAL })).toHaveLength(1);
    expect(faultsOf({ metricsQuery }, false)).toEqual([
      {
        severity: 'warning',
        path: ['q'],
        message: expect.stringContaining('e.g. container_memory_working_set_bytes{'),
      },
    ]);
  });

  it.each([
    '<<.Series>>{<<.LabelMatchers>>}',
    '{__name__="<<.Series>>"}',
    '{__name__=~"<<.Series>>|y",job="a"}',
    'info(<<.Series>>, {job="a"})',
    'up + 0 * <<len .Series>>',
    '{job="a"',
    '<<.Nope>>',
  ])('does not warn about %s', (metricsQuery) => {
    expect(faultsOf({ metricsQuery, seriesQuery: SEVERAL })).toEqual([]);
    expect(faultsOf({ metricsQuery }, false)).toEqual([]);
  });

  it('warns about one value for metrics with different names', () => {
    const message = expect.stringContaining('gives all of them the same value');
    const found = [{ severity: 'warning', path: ['q'], message }];
    const metricsQuery = 'up';
    expect(faultsOf({ metricsQuery, seriesQuery: SEVERAL })).toEqual(found);
    expect(faultsOf({ metricsQuery, seriesQuery: SEVERAL, as: 'x_$0' })).toEqual(found);
    expect(faultsOf({ metricsQuery, seriesQuery: SEVERAL, as: 'x' })).toEqual([]);
    expect(faultsOf({ metricsQuery, seriesQuery: SEVERAL }, false)).toEqual([]);
    expect(faultsOf({ metricsQuery, seriesQuery: 'up' })).toEqual([]);
    expect(faultsOf({ metricsQuery, seriesQuery: 'up{' })).toEqual([]);
    expect(faultsOf({ metricsQuery: 'vector(1)', seriesQuery: SEVERAL })).toEqual([]);
  });
});
