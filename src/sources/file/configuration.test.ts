import { describe, expect, it } from 'vitest';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { type LoadOptions, readConfiguration } from './configuration.ts';
import { formatFault } from './fault.ts';

const options: LoadOptions = {
  mapper: builtinResourceMapper(),
  checkPromql: true,
  unknownResource: 'error',
};

function faultsOf(text: string, changed: Partial<LoadOptions> = {}): readonly string[] {
  return readConfiguration('f', text, { ...options, ...changed }).faults.map(formatFault);
}

const GOOD = `
rules:
- seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
  resources:
    overrides:
      namespace: {resource: namespace}
      pod: {resource: pod}
  name:
    matches: ^(.*)_total$
    as: \${1}_per_second
  metricsQuery: sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)
`;

describe('readConfiguration', () => {
  it('compiles the rules of a file', () => {
    const { configuration, faults } = readConfiguration('f', GOOD, options);
    expect(faults).toEqual([]);
    const [rule] = configuration?.custom ?? [];
    expect(rule?.seriesQuery).toBe('http_requests_total{namespace!="",pod!=""}');
    expect(rule?.metricName('http_requests_total')).toBe('http_requests_per_second');
    expect([...(rule?.resources.overrides ?? [])]).toEqual([
      ['namespace', { group: '', resource: 'namespace' }],
      ['pod', { group: '', resource: 'pod' }],
    ]);
    expect(configuration?.external).toEqual([]);
    expect(configuration?.resource).toBeUndefined();
    expect(Object.isFrozen(configuration) && Object.isFrozen(configuration?.custom)).toBe(true);
  });

  it('treats external rules as namespaced by default', () => {
    const rule = (resources: string) =>
      `- {seriesQuery: a, metricsQuery: '<<.Series>>{<<.LabelMatchers>>}', resources: {overrides: {ns: {resource: namespace}}${resources}}}`;
    const text = `externalRules:\n${rule('')}\n${rule(', namespaced: off')}\n${rule(', namespaced: ~')}\n`;
    const { configuration } = readConfiguration('f', text, options);
    expect(
      configuration?.external.map(({ definition }) => definition.resources.namespaced),
    ).toEqual([true, false, true]);
  });

  it('reports all faults at once, in the order of the file', () => {
    const text = `rules:
- seriesQuery: up
  name: {matches: '(', as: x}
  metricsQuery: >-
    sum(
    <<.Series) by (<<.GroupBy>>
- seriesQuery: up
  nmae: {as: x}
  seriesFilters:
  - is: '['
externalRules:
- seriesQuery: up
  metricsQuery: 'up{}'
  resources: {overrides: {ns: {resource: nmaespace}}}
resourceRules:
  window: never
  cpu: {nodeQuery: '<<end>>'}
`;
    expect(
      readConfiguration('f', text, options)
        .faults.filter(({ severity }) => severity === 'error')
        .map(({ line, column, field }) => `${line}:${column} ${field}`),
    ).toEqual([
      '3:19 rules[0].name.matches',
      '6:14 rules[0].metricsQuery',
      '8:3 rules[1].nmae',
      '10:9 rules[1].seriesFilters[0].is',
      '14:31 externalRules[0].resources.overrides.ns',
      '16:11 resourceRules.window',
      '17:21 resourceRules.cpu.nodeQuery',
    ]);
  });

  it('reports faults in an anchored value at the anchor, and faults of its use at the alias', () => {
    const text = `rules:
- {seriesQuery: up, resources: &r {template: '<<.Resource>>'}, metricsQuery: &q '<<.Nope>>'}
- {seriesQuery: up, resources: *r, metricsQuery: *q}
externalRules:
- {seriesQuery: up, resources: *r, metricsQuery: 'up{<<.LabelMatchers>> >> <<if>>}'}
- seriesQuery: up
  resources: {<<: *r, overrides: {x: {resource: nope}}}
  metricsQuery: up
`;
    const { faults } = readConfiguration('f', text, options);
    const places = faults.map(({ line, column, field }) => `${line}:${column} ${field}`);
    expect(places).toContain('2:84 rules[0].metricsQuery');
    expect(places).toContain('2:84 rules[1].metricsQuery');
    expect(places).toContain('7:38 externalRules[1].resources.overrides.x');
  });

  it('reports the correct place if lines are indented less than YAML requires', () => {
    const text = "rules: [{\nseriesQuery: 'up',\nname: {\nmatches: '('\n}\n}]\n";
    expect(faultsOf(text)).toContainEqual(
      expect.stringMatching(/^f:4:10: error: rules\[0\]\.name\.matches: /),
    );
  });

  it('uses the index in the file if another rule is omitted', () => {
    const rule = GOOD.slice('\nrules:\n'.length);
    const text = `rules:\n${rule}- {seriesQuery: up, name: {matches: '('}}\n${rule}`;
    expect(faultsOf(text)).toContainEqual(
      expect.stringMatching(/^f:12:3: warning: rules\[2\]: this rule gives the same metrics/),
    );
  });

  it('ignores a byte order mark', () => {
    expect(faultsOf('\uFEFFnope: 1\n')).toEqual([
      expect.stringMatching(/^f:1:1: error: nope: unknown field/),
    ]);
  });

  it('warns about further documents', () => {
    const { configuration, faults } = readConfiguration('f', `${GOOD}---\nrules: []\n`, options);
    expect(configuration?.custom).toHaveLength(1);
    expect(faults.map(formatFault)).toEqual([expect.stringMatching(/^f:13:1: warning: only the/)]);
  });

  it('has options for the strictness about resources and PromQL', () => {
    const unknown = GOOD.replace('pod: {resource: pod}', 'pod: {resource: widget}');
    expect(faultsOf(unknown)).toEqual([expect.stringContaining(': error: ')]);
    expect(faultsOf(unknown, { unknownResource: 'warning' })).toEqual([
      expect.stringContaining(': warning: '),
    ]);
    const metricsql = GOOD.replace('sum(rate(', 'sum(WITH (x = y) rate(');
    expect(faultsOf(metricsql)).toEqual([expect.stringContaining(': broken: ')]);
    expect(faultsOf(metricsql, { checkPromql: false })).toEqual([]);
  });

  it('reads a window in milliseconds', () => {
    const window = (text: string) =>
      readConfiguration('f', `resourceRules: {window: ${text}}`, options).configuration?.resource
        ?.window;
    expect([window('5m'), window('1d2h'), window('0'), window('~')]).toEqual([
      300_000, 93_600_000, 0, 0,
    ]);
  });

  it('reads a file of thousands of broken rules', () => {
    const { configuration, faults } = readConfiguration(
      'f',
      'rules:\n'.concat('- {}\n'.repeat(5_000)),
      options,
    );
    expect(configuration?.custom).toHaveLength(5_000);
    expect(faults.filter(({ severity }) => severity === 'broken')).toHaveLength(15_000);
  });

  it('warns about `namespaced` in a custom rule, for any value', () => {
    const warning =
      'warning: rules[0].resources.namespaced: `namespaced` has no effect in `rules`, only in `externalRules`';
    for (const value of ['true', 'false']) {
      const rule = `{seriesQuery: up, resources: {template: <<.Resource>>, namespaced: ${value}}, metricsQuery: 'sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>)'}`;
      expect(faultsOf(`rules: [${rule}]`)).toEqual([expect.stringContaining(warning)]);
      expect(faultsOf(`externalRules: [${rule}]`).join()).not.toContain('no effect');
    }
  });

  it('reports names with a slash, also beside groups', () => {
    const rule = (as: string): string =>
      `rules: [{seriesQuery: up, name: {matches: '^(.*)$', as: '${as}'}, resources: {template: <<.Resource>>}, metricsQuery: 'sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>)'}]`;
    for (const as of ['http/requests', '${1}/x', '/$1']) {
      expect(faultsOf(rule(as))).toEqual([
        expect.stringContaining('broken: rules[0].name.as: a metric whose name contains "/"'),
      ]);
    }
    expect(faultsOf(rule('http_$1'))).toEqual([]);
  });

  it('warns about the delimiters of another template, and about nothing else in this query', () => {
    const rule = (series: string, query: string): string =>
      `rules: [{seriesQuery: '${series}', resources: {template: <<.Resource>>}, metricsQuery: '${query}'}]`;
    const text = 'sum(up{namespace="{{.Namespace}}"}) by (<<.GroupBy>>)';
    expect(faultsOf(rule('up', text))).toEqual([
      expect.stringMatching(/warning: rules\[0\]\.metricsQuery: `\{\{` is plain text here/),
    ]);
    const good = 'sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    expect(faultsOf(rule('up{job="{{ .Values.job }}"}', good))[0]).toMatch(
      /warning: rules\[0\]\.seriesQuery: `\{\{` is plain text here/,
    );
  });
});
