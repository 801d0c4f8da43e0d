import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import type { RuleFault } from '../fault.ts';
import type { QueryRequest } from '../query.ts';
import { checkMetricsQuery, checkOtherDelimiters, orMetricsql } from './check-query.ts';

const REQUEST: QueryRequest = {
  series: 'load',
  selector: [],
  namespace: { label: 'namespace', value: 'shop' },
  objects: { label: 'pod', names: ['web-0'] },
  groupBy: ['pod'],
};

function check(metricsQuery: string, samples = [REQUEST], checkPromql = true) {
  const faults: RuleFault[] = [];
  const { query } = compiledRule({ metricsQuery });
  const report = (fault: RuleFault) => faults.push(fault);
  const options = { checkPromql };
  const valid = checkMetricsQuery(query, ['q'], samples, ['vector'], options, report);
  return { valid, faults };
}

function selectorOf(metricsQuery: string): readonly string[] | undefined {
  return check(metricsQuery).valid?.selector.map(
    ({ key, operator, values }) => `${key}${operator}${values.join('|')}`,
  );
}

describe('checkMetricsQuery', () => {
  it('returns the first request with a query', () => {
    const other = { ...REQUEST, series: 'depth' };
    expect(check('<<.Series>>', [REQUEST, other])).toEqual({ valid: REQUEST, faults: [] });
    const query = '<<if eq .Series "depth">>x<<end>>';
    expect(check(query, [REQUEST, other])).toEqual({ valid: other, faults: [] });
    expect(check(query, [])).toEqual({ valid: undefined, faults: [] });
  });

  it.each([
    ['x[<<.LabelValuesByName.window>>]', undefined],
    ['rate(x[<<.LabelValuesByName.window>>])', ['window=5m']],
    ['<<if ne .Series "a">>rate(x[<<.LabelValuesByName.w>>])<<end>>', ['w=5m']],
    ['rate(x[<<.LabelValuesByName.k>>m])', ['k=1']],
    [
      'max(x{<<index .LabelValuesByName "name">>="b",c="<<.LabelValuesByName.a>>"})',
      ['a=value', 'name=value'],
    ],
    ['max(x{a!="",<<.LabelMatchers>>,})', []],
    ['<<if gt (len .LabelValuesByName) 2>>x<<end>>', ['label=5m']],
    ['<<if gt (len .LabelMatchers) 30>>x<<end>>', ['label=5m']],
    ['<<if gt (len .GroupBySlice) 2>>x<<end>>', undefined],
    ['max(<<.Nope>>)', undefined],
  ])('finds the required selector of %s', (query, selector) => {
    expect(selectorOf(query)).toEqual(selector);
  });

  it('warns about a query that requires a selector', () => {
    expect(check('rate(x[<<.LabelValuesByName.window>>])').faults).toMatchObject([
      {
        severity: 'warning',
        path: ['q'],
        offset: 7,
        message: expect.stringMatching(
          /^a request needs a label selector and fails without one: the generated query is not PromQL: /,
        ),
      },
    ]);
  });

  it('warns about an empty `.GroupBy` at its place', () => {
    const external = { series: 'load', selector: [], groupBy: [] };
    expect(check('sum(x) by (<<.GroupBy>>)', [external]).faults).toEqual([
      {
        severity: 'warning',
        path: ['q'],
        offset: 13,
        message: expect.stringContaining('`.GroupBy` is empty in an external rule'),
      },
    ]);
    expect(check('<<len .GroupBySlice>> * x', [external]).faults).toEqual([]);
    expect(check('sum(x) by (<<.GroupBy>>)').faults).toEqual([]);
  });

  it.each([
    ['', 'there is no query', undefined],
    [' \n', 'there is no query', undefined],
    ['<<if false>>x<<end>>', 'the template of the query gives an empty query', undefined],
    ['x{<<.Nope>>}', 'there is no field `.Nope`', 4],
    ['sum(x) by (pod) +', 'the generated query is not PromQL: unexpected end', 17],
    ['a default 0', 'is not PromQL but looks like MetricsQL', 2],
    ['sum({{ .x }})', 'templates are written between `<<` and `>>`', 4],
    ['sum({{x}}', 'templates are written between `<<` and `>>`', 4],
    ['1', 'the generated query returns a scalar, expected an instant vector: 1', undefined],
    ['x[5m]', 'returns a matrix', undefined],
  ])('reports why %j is broken', (query, message, offset) => {
    expect(check(query)).toEqual({
      valid: undefined,
      faults: [
        {
          severity: 'broken',
          path: ['q'],
          message: expect.stringContaining(message),
          ...(offset !== undefined && { offset }),
        },
      ],
    });
  });

  it('reports the releases that accept a query, at the place in the template', () => {
    const { faults } = check('<<.Series>> + {"a"}');
    expect(faults).toMatchObject([{ severity: 'warning', path: ['q'], offset: 15 }]);
    expect(check('<<.Series>> + {"a"}', [REQUEST], false).faults).toEqual([]);
    expect(check('x{', [REQUEST], false)).toEqual({ valid: REQUEST, faults: [] });
    expect(check('', [REQUEST], false).faults).toHaveLength(1);
  });
});

describe('checkOtherDelimiters', () => {
  it.each([
    ['x{a="{{ .b }}"}', 5],
    ['x{a="{{- .b }}"}', 5],
    ['x{a="{{$b}}"}', 5],
    ['{{template}}', 0],
    ['{ {a}', undefined],
    ['x{a="{{}}"}', undefined],
    ['x{a="{{ (b) }}"}', undefined],
    ['x{a="{.b}"}', undefined],
  ])('finds those of other programs in %s', (text, offset) => {
    const faults: RuleFault[] = [];
    const isFound = checkOtherDelimiters(text, ['p'], (fault) => faults.push(fault));
    expect(isFound).toBe(offset !== undefined);
    expect(faults).toMatchObject(
      offset === undefined ? [] : [{ severity: 'warning', path: ['p'], offset }],
    );
  });
});

describe('orMetricsql', () => {
  it('names the flag for a query that may be MetricsQL', () => {
    expect(orMetricsql('x default 0')).toContain('--check-promql=false');
    expect(orMetricsql('x +')).toBe('');
  });
});
