import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import type { RuleFault } from '../fault.ts';
import { checkRule } from './check-rule.ts';
import { checkRuleSet } from './check-rule-set.ts';

type Rule = Parameters<typeof compiledRule>[0];

const associated: Rule = { overrides: { namespace: 'namespace', pod: 'pod' } };

function faultsOf(rule: Rule, kind: 'custom' | 'external' = 'custom', checkPromql = true) {
  const faults: RuleFault[] = [];
  const options = { checkPromql, unknownResource: 'error' as const };
  checkRule(compiledRule(rule, kind), builtinResourceMapper(), options, (fault) =>
    faults.push(fault),
  );
  return faults.map(({ severity, path, message }) => [severity, path.join('.'), message]);
}

describe('checkRule', () => {
  it('accepts a valid rule', () => {
    expect(faultsOf(associated)).toEqual([]);
    expect(faultsOf({ template: 'kube_<<.Resource>>' })).toEqual([]);
    expect(
      faultsOf({ ...associated, metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})' }, 'external'),
    ).toEqual([]);
  });

  it('reports a series query that is not a selector', () => {
    expect(faultsOf({ ...associated, seriesQuery: 'queue_depth{' })).toMatchObject([
      ['broken', 'seriesQuery', expect.any(String)],
    ]);
    expect(faultsOf({ ...associated, seriesQuery: '' })).toMatchObject([
      ['broken', 'seriesQuery', expect.stringContaining('no series query')],
    ]);
  });

  it('reports the place of a fault in the series query', () => {
    const faults: RuleFault[] = [];
    const check = (seriesQuery: string, checkPromql = true) =>
      checkRule(
        compiledRule({ ...associated, seriesQuery }),
        builtinResourceMapper(),
        { checkPromql, unknownResource: 'error' },
        (fault) => faults.push(fault),
      );
    check(' up{a="b",}{');
    check(' {"up"}');
    check('up{pod!="{{ .b }}"}');
    expect(faults).toMatchObject([
      {
        severity: 'broken',
        path: ['seriesQuery'],
        offset: 11,
        message: expect.stringMatching(/^unexpected/),
      },
      { severity: 'warning', path: ['seriesQuery'], offset: 2 },
      { severity: 'warning', path: ['seriesQuery'], offset: 9 },
    ]);
    faults.length = 0;
    check('up{', false);
    check('{{ .Values.b }}', false);
    expect(faults).toEqual([]);
  });

  it('generates the query for an object of the rule', () => {
    const rule = { overrides: { instance: 'node' }, metricsQuery: 'sum({<<.LabelMatchers>>' };
    expect(faultsOf(rule)).toMatchObject([
      ['broken', 'metricsQuery', expect.stringContaining('sum({instance="web-0"')],
    ]);
  });

  it.each(['custom', 'external'] as const)('holds %s queries against seriesQuery', (kind) => {
    const seriesQuery = 'up{code="200"}';
    const metricsQuery = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (namespace, pod)';
    expect(faultsOf({ ...associated, seriesQuery, metricsQuery }, kind)).toMatchObject([
      ['warning', 'metricsQuery', expect.stringContaining('is in seriesQuery only')],
    ]);
    const nameless = metricsQuery.replace('<<.Series>>', '');
    expect(faultsOf({ ...associated, metricsQuery: nameless }, kind)).toMatchObject([
      ['warning', 'metricsQuery', expect.stringContaining('has no metric name')],
    ]);
    const helm = 'sum({a="{{ .b }}"})';
    expect(faultsOf({ ...associated, metricsQuery: helm }, kind)).toMatchObject([
      ['warning', 'metricsQuery', expect.stringContaining('`{{` is plain text here')],
    ]);
  });

  it.each([
    ['queue_depth{a="b"}', 'sum(queue_depth'],
    ['{__name__=~"queue_.*"}', 'sum(example_requests_seconds_total'],
    ['queue_depth{', 'sum(example_requests_seconds_total'],
  ])('generates the query for a series of %s', (seriesQuery, series) => {
    const metricsQuery = 'sum(<<.Series>>';
    const faults = faultsOf({ ...associated, seriesQuery, metricsQuery });
    expect(faults.at(-1)).toMatchObject([
      'broken',
      'metricsQuery',
      expect.stringContaining(series),
    ]);
  });

  it('reports a query that is not PromQL, and shows the generated query', () => {
    const faults = faultsOf({ ...associated, metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}' });
    expect(faults).toMatchObject([
      ['broken', 'metricsQuery', expect.stringContaining('{namespace="default",pod="web-0"}')],
    ]);
  });

  it('warns about constructs that only some releases of Prometheus accept', () => {
    const metricsQuery = 'sum by (<<.GroupBy>>, "a.b") (rate({"c.d",<<.LabelMatchers>>}[2m:30]))';
    expect(faultsOf({ ...associated, metricsQuery })).toEqual([
      [
        'warning',
        'metricsQuery',
        'a quoted label name in a list of labels and a number of seconds in place of a duration: Prometheus 3.5 accepts this, 2.42 and 2.53 do not',
      ],
      ['warning', 'metricsQuery', expect.stringContaining('several samples, one for each `a.b`')],
    ]);
    expect(faultsOf({ ...associated, seriesQuery: '{"c"}' })).toEqual([
      ['warning', 'seriesQuery', expect.stringContaining('a quoted metric name: Prometheus 2.53')],
    ]);
    expect(faultsOf({ ...associated, metricsQuery }, 'custom', false)).toEqual([]);
  });

  it('names the flag for MetricsQL', () => {
    const metricsQuery = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>) default 0';
    const flag = expect.stringContaining('--check-promql=false');
    expect(faultsOf({ ...associated, metricsQuery })).toEqual([['broken', 'metricsQuery', flag]]);
    const seriesQuery = '{a="b" or c="d"}';
    expect(faultsOf({ ...associated, seriesQuery })).toEqual([['broken', 'seriesQuery', flag]]);
  });

  it('does not check other query languages', () => {
    const rule = { ...associated, metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}' };
    expect(faultsOf(rule, 'custom', false)).toEqual([]);
  });

  it('reports a query of the wrong type', () => {
    expect(faultsOf({ ...associated, metricsQuery: 'scalar(<<.Series>>)' })).toMatchObject([
      ['broken', 'metricsQuery', expect.stringContaining('scalar')],
    ]);
    expect(faultsOf({ ...associated, metricsQuery: '<<.Series>>[5m]' })).toMatchObject([
      ['broken', 'metricsQuery', expect.stringContaining('matrix')],
    ]);
    const scalar = 'scalar(<<.Series>>{<<.LabelMatchers>>})';
    expect(faultsOf({ ...associated, metricsQuery: scalar }, 'external')).toEqual([]);
  });

  it('accepts a template for some requests only', () => {
    const metricsQuery =
      '<<if eq (index .LabelValuesByName "pod") "web-0">>sum(<<.Series>>)<<end>>';
    expect(faultsOf({ ...associated, metricsQuery })).toEqual([]);
    const several = metricsQuery.replace('web-0', 'web-0|web-1');
    expect(faultsOf({ ...associated, metricsQuery: several })).toEqual([]);
    const none = metricsQuery.replace('web-0', 'web-0|web-9');
    expect(faultsOf({ ...associated, metricsQuery: none })).toMatchObject([
      ['broken', 'metricsQuery', 'the template of the query gives an empty query'],
    ]);
  });

  it('reports resources that do not exist, and the group of one with this name', () => {
    expect(faultsOf({ overrides: { namespace: 'namespace', x: 'widget' } })).toMatchObject([
      ['error', 'resources.overrides.x', expect.stringContaining('"widget"')],
    ]);
    expect(
      faultsOf({ overrides: { namespace: 'namespace', x: 'deployment.extensions' } }),
    ).toMatchObject([['error', 'resources.overrides.x', expect.stringContaining('"apps"')]]);
    expect(faultsOf({ overrides: { namespace: 'namespace', x: 'podz' } })).toMatchObject([
      ['error', 'resources.overrides.x', expect.stringContaining('did you mean "pods"?')],
    ]);
    expect(faultsOf({ overrides: { namespace: 'namespace', x: 'deploymnets' } })).toMatchObject([
      ['error', 'resources.overrides.x', expect.stringContaining('did you mean "deployments"?')],
    ]);
  });

  it('reports an unknown field of templates, its place and the known fields', () => {
    const rule = { ...associated, metricsQuery: 'sum(<<.Series>>{<<.LabelMatcher>>})' };
    const faults: RuleFault[] = [];
    const options = { checkPromql: true, unknownResource: 'error' as const };
    checkRule(compiledRule(rule), builtinResourceMapper(), options, (fault) => faults.push(fault));
    expect(faults).toEqual([
      {
        severity: 'broken',
        path: ['metricsQuery'],
        offset: 18,
        message:
          'there is no field `.LabelMatcher` (did you mean `.LabelMatchers`?): expected one of .Series, .LabelMatchers, .LabelValuesByName, .GroupBy, .GroupBySlice',
      },
    ]);
  });

  it('warns about two labels for one resource', () => {
    expect(
      faultsOf({ overrides: { namespace: 'namespace', pod: 'pod', kube_pod: 'pods' } }),
    ).toMatchObject([
      ['warning', 'resources.overrides.kube_pod', expect.stringContaining('"pod"')],
    ]);
  });

  it('reports metrics that can never be requested', () => {
    expect(faultsOf({ overrides: { pod: 'pod' } })).toMatchObject([
      ['broken', 'resources.overrides.pod', expect.stringContaining('namespace')],
    ]);
    // Nodes have no namespace.
    expect(faultsOf({ overrides: { pod: 'pod', node: 'node' } })).toMatchObject([
      ['warning', 'resources.overrides.pod', expect.stringContaining('namespace')],
    ]);
    expect(faultsOf({})).toMatchObject([['broken', 'resources', expect.any(String)]]);
    // A template that has no label for the namespace may have labels for other resources.
    const template =
      '<<if eq .Resource "namespace">><<index .Resource 99>><<end>>kube_<<.Resource>>';
    expect(faultsOf({ template, overrides: { pod: 'pod' } })).toMatchObject([
      ['warning', 'resources.overrides.pod', expect.stringContaining('namespace')],
    ]);
    expect(faultsOf({ overrides: { pod: 'pod', service: 'service' } })).toMatchObject([
      ['broken', 'resources.overrides.pod', expect.stringContaining('pods are in namespaces')],
      ['broken', 'resources.overrides.service', expect.stringContaining('metrics of services')],
    ]);
    expect(faultsOf({ overrides: { node: 'node' } })).toEqual([]);
    expect(faultsOf({ overrides: { pod: 'pod', x: 'widget' } })).toMatchObject([
      ['error', 'resources.overrides.x', expect.stringContaining('"widget"')],
      ['warning', 'resources.overrides.pod', expect.stringContaining('namespace')],
    ]);
    const query = 'sum(<<.Series>>{<<.LabelMatchers>>})';
    expect(faultsOf({ metricsQuery: query }, 'external')).toMatchObject([
      ['broken', 'resources', expect.stringContaining('namespaced: false')],
    ]);
    expect(faultsOf({ metricsQuery: query, namespaced: false }, 'external')).toEqual([]);
  });

  it('warns about .GroupBy in an external rule', () => {
    expect(faultsOf({ ...associated }, 'external')).toMatchObject([
      ['warning', 'metricsQuery', expect.stringContaining('.GroupBy')],
    ]);
  });
});

describe('checkRuleSet', () => {
  function faultsOfLists(custom: readonly Rule[], external: readonly Rule[] = []) {
    const faults: unknown[] = [];
    checkRuleSet(
      custom.map((rule) => compiledRule(rule)),
      external.map((rule) => compiledRule(rule, 'external')),
      (list, index, fault) => faults.push([list, index, fault]),
    );
    return faults;
  }

  function takenOver(earlier: number) {
    return {
      severity: 'warning',
      path: [],
      message: `this rule gives the same metrics as rule ${earlier} of the list (counting from 0), which is never used: the later one wins`,
    };
  }

  it('warns about a rule that replaces all metrics of an earlier one', () => {
    const rules = [
      { ...associated, as: 'another' },
      { ...associated, metricsQuery: 'a' },
      { ...associated, as: 'other' },
      { ...associated, metricsQuery: 'b' },
    ];
    expect(faultsOfLists(rules)).toEqual([['rules', 3, takenOver(1)]]);
    expect(faultsOfLists([], rules)).toEqual([['externalRules', 3, takenOver(1)]]);
    expect(faultsOfLists(rules.slice(0, 2), rules.slice(2))).toEqual([]);
  });

  it.each([
    { seriesQuery: 'other' },
    { seriesFilters: [{ is: 'a' }] },
    { matches: '^q' },
    { as: 'other' },
    { overrides: { namespace: 'namespace', pod: 'service' } },
    { template: 'kube_<<.Resource>>' },
  ])('accepts rules that differ in %j', (other) => {
    expect(faultsOfLists([associated, { ...associated, ...other }])).toEqual([]);
    expect(faultsOfLists([associated, { ...associated, metricsQuery: 'a' }])).toHaveLength(1);
  });
});
