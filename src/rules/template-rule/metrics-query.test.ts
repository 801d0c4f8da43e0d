import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../../apimachinery/label-selector-parser.ts';
import { checkQuery } from '../../promql/checks/check.ts';
import { vectorSelectors } from '../../promql/selectors.ts';
import { goQuote } from '../../text/quote.ts';
import { QueryError, UnsafeNameError, UnsupportedRequirementError } from '../query.ts';
import { matchersOf } from '../request-matchers.ts';
import type { QueryLanguage } from './injection-guard.ts';

const { query } = compiledRule({});

describe('metrics query', () => {
  it('writes the matchers in the order selector, namespace, objects', () => {
    expect(
      query.for({
        series: 'load',
        selector: parseLabelSelector(
          'shard in (b,a),!old,region,tier notin (y,x),zone!=x,env=prod',
        ),
        namespace: { label: 'ns', value: 'shop' },
        objects: { label: 'pod', names: ['a', 'b.c'] },
        groupBy: ['pod'],
      }),
    ).toBe(
      'sum(load{env="prod",old="",region!="",shard=~"a|b",tier!~"x|y",zone!="x",ns="shop",pod=~"a|b.c"}) by (pod)',
    );
  });

  it('selects one object by equality', () => {
    expect(
      query.for({
        series: 'load',
        selector: [],
        objects: { label: 'node', names: ['n|1'] },
        groupBy: ['node'],
      }),
    ).toBe('sum(load{node="n|1"}) by (node)');
  });

  it('rejects selectors without a counterpart in PromQL', () => {
    const requested = (text: string) => () =>
      query.for({ series: 'load', selector: parseLabelSelector(text), groupBy: [] });
    expect(requested('code>200')).toThrow(UnsupportedRequirementError);
    expect(requested('code>200')).toThrow('">" on "code" has no counterpart in PromQL');
    expect(requested('code<200')).toThrow('"<" on "code" has no counterpart in PromQL');
  });

  it('has the later of two matchers for a label in `.LabelValuesByName`', () => {
    const values = compiledRule({
      metricsQuery: 'x{<<range $k, $v := .LabelValuesByName>><<$k>>=~"<<$v>>",<<end>>}',
    }).query;
    const selector = parseLabelSelector('a in (x,y),namespace=z,pod=z');
    const requested = { series: 'load', selector, groupBy: [] };
    expect(values.for(requested)).toBe('x{a=~"x|y",namespace=~"z",pod=~"z",}');
    const namespace = { label: 'namespace', value: 'shop' };
    expect(values.for({ ...requested, namespace })).toBe('x{a=~"x|y",namespace=~"shop",pod=~"z",}');
    const objects = { label: 'pod', names: ['a', 'b'] };
    expect(values.for({ ...requested, objects })).toBe('x{a=~"x|y",namespace=~"z",pod=~"a|b",}');
  });

  it('rejects an empty query and a template that fails', () => {
    const request = { series: 'load', selector: [], groupBy: [] };
    expect(() => compiledRule({ metricsQuery: '' }).query.for(request)).toThrow(QueryError);
    expect(() => compiledRule({ metricsQuery: '<<.Nope>>' }).query.for(request)).toThrow(
      QueryError,
    );
    const { query } = compiledRule({ metricsQuery: '<<.Nope>>' });
    expect(() => query.placeOf(request, 0)).toThrow(QueryError);
    expect(() => compiledRule({ metricsQuery: '<<.Nope>>' }).query.for(request)).toThrow(/Nope/);
  });

  it('gives a query with exactly the requested matchers, for any names and values', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, fc.array(text, { minLength: 1, maxLength: 4 }), (namespace, names) => {
        const request = {
          series: 'load',
          selector: [],
          namespace: { label: 'namespace', value: namespace },
          objects: { label: 'pod', names },
          groupBy: ['pod'],
        };
        const made = query.for(request);
        expect(checkQuery(made)).toEqual([]);
        expect(vectorSelectors(made).map(({ name, matchers }) => ({ name, matchers }))).toEqual([
          { name: 'load', matchers: matchersOf(request) },
        ]);
      }),
    );
  });

  it('matches only the name itself and, through a dot, names of the same length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, other) => {
        const [, matcher] = matchersOf({
          series: 'load',
          selector: [],
          namespace: { label: 'namespace', value: 'x' },
          objects: { label: 'pod', names: [name, name] },
          groupBy: [],
        });
        const pattern = new RegExp(`^(?:${matcher?.value})$`, 's');
        expect(pattern.test(name)).toBe(true);
        if (!name.includes('.') && other !== name) expect(pattern.test(other)).toBe(false);
      }),
    );
  });
});

describe('a template that writes unquoted names', () => {
  const raw = 'sum(<<.Series>>{pod=~"<<index .LabelValuesByName "pod">>"})';
  const namesMade = (
    metricsQuery: string,
    names: readonly string[],
    series = 'load',
    language: QueryLanguage = 'promql',
  ) =>
    compiledRule({ metricsQuery, language }).query.for({
      series,
      selector: parseLabelSelector('shard in (a,b)'),
      namespace: { label: 'namespace', value: 'shop' },
      objects: { label: 'pod', names },
      groupBy: ['pod'],
    });

  it('accepts names of objects', () => {
    expect(namesMade(raw, ['a', 'b.c', 'system:node'])).toBe('sum(load{pod=~"a|b.c|system:node"})');
  });

  it.each(['x"} or up{a="', 'x\\', '.*', 'a|b', 'a\n', '<<.>>', 'caf\u00e9'])(
    'does not get the name %j',
    (name) => {
      for (const template of [
        raw,
        'sum(load{pod=~"<<.LabelValuesByName.pod>>"})',
        'sum(load{<<range $k, $v := .LabelValuesByName>><<$k>>=~"<<$v>>",<<end>>})',
        'sum(load) # <<.>>',
      ]) {
        expect(() => namesMade(template, [name])).toThrow(UnsafeNameError);
        expect(() => namesMade(template, ['a', name])).toThrow(UnsafeNameError);
      }
    },
  );

  it('has a query for any name if it writes only matchers or other labels', () => {
    expect(namesMade('sum(load{<<.LabelMatchers>>})', ['x"} or up'])).toContain(
      'pod="x\\"} or up"',
    );
    expect(namesMade('load{shard=~"<<.LabelValuesByName.shard>>"}', ['x"'])).toBe(
      'load{shard=~"a|b"}',
    );
  });

  it.each([
    'other{namespace="b"} or up #',
    'other-secret',
    'http-requests',
    '5xx',
    'a"b',
    'a\nb',
    ' ',
  ])('accepts the series %j only between double quotes', (series) => {
    for (const template of [
      '<<slice .Series 0 1>>',
      '<<.Series>>(up)',
      'up[<<.Series>>]',
      'up{a="b" <<.Series>>}',
      `{__name__='<<.Series>>'}`,
      '{__name__=`<<.Series>>`}',
      'up # <<.Series>>',
      '{<<printf "%q" .Series>>} or <<.Series>>(up)',
      '{__name__=~"<<.Series>>"} or <<.Series>>("',
    ]) {
      expect(() => namesMade(template, ['a'], series)).toThrow(UnsafeNameError);
    }
    const quoted = namesMade('sum({<<printf "%q" .Series>>,<<.LabelMatchers>>})', ['a'], series);
    expect(vectorSelectors(quoted)).toMatchObject([{ name: series }]);
  });

  it.each([
    ['<<.Series>>{<<.LabelMatchers>>}', '{"S",shard=~"a|b",namespace="shop",pod="a"}'],
    ['sum(<<.Series>>) by (<<.GroupBy>>)', 'sum({"S"}) by (pod)'],
    ['rate(<<.Series>>{}[2m]) # c', 'rate({"S"}[2m]) # c'],
    ['<<.Series>> # {\n { job="a", }', ' # {\n {"S", job="a", }'],
    ['<<.Series>>_total{a="b"}', '{"S_total",a="b"}'],
    ['{<<printf "%q" .Series>>} or <<.Series>>', '{"S"} or {"S"}'],
    ['<<.Series>> or {<<printf "%q" .Series>>}', '{"S"} or {"S"}'],
    ['<<printf "%q" .Series>>', '"S"'],
    ['<<slice .Series 0 1>><<slice .Series 1>>{a="b"}', '{"S",a="b"}'],
    ['sum by (<<.Series>>) (<<.Series>> offset 5m)', 'sum by ("S") ({"S"} offset 5m)'],
  ])('has quotes added around a series in %j', (template, query) => {
    for (const series of ['http.requests', 'a b', 'x{y="z"} or up', 'a größe', 'a\ufffd', 'a\\']) {
      const quoted = goQuote(series).slice(1, -1).replaceAll('\ufffd', '\\ufffd');
      expect(namesMade(template, ['a'], series)).toBe(query.replaceAll('S', () => quoted));
    }
  });

  it('does not quote a series with dots, a valid name in MetricsQL, if queries need not be PromQL', () => {
    const template = '<<.Series>>{<<.LabelValuesByName.pod>>}';
    expect(namesMade(template, ['a'], 'http.requests', 'other')).toBe('http.requests{a}');
    expect(() => namesMade(template, ['a'], 'http-requests', 'other')).toThrow(UnsafeNameError);
    expect(() => namesMade(template, ['a'], 'http.requests')).toThrow(UnsafeNameError);
    // In another query language, the correct quotes are not known.
    const bare = '<<.Series>>{pod="a"}';
    expect(() => namesMade(bare, ['a'], 'http-requests', 'other')).toThrow(UnsafeNameError);
    expect(namesMade(bare, ['a'], 'http-requests')).toBe('{"http-requests",pod="a"}');
  });

  it('gets no name if a query has no series', () => {
    expect(namesMade('<<.Series>>{pod="a"}', ['a'], '')).toBe('{pod="a"}');
    expect(namesMade('<<.Series>>{pod="a"}', ['a'], '', 'other')).toBe('{pod="a"}');
  });

  it('accepts a series in its own quotes only if they are safe', () => {
    const template = '{__name__="<<.Series>>"}';
    expect(namesMade(template, ['a'], 'http-requests')).toBe('{__name__="http-requests"}');
    expect(() => namesMade(template, ['a'], 'a",b="')).toThrow(UnsafeNameError);
    expect(() => namesMade(template, ['a'], 'a\\')).toThrow(UnsafeNameError);
    const pattern = '{__name__=~"<<.Series>>"}';
    expect(namesMade(pattern, ['a'], 'http-requests')).toBe('{__name__=~"http-requests"}');
    expect(() => namesMade(pattern, ['a'], '.*')).toThrow(UnsafeNameError);
    const other = '{__name__!~"<<.Series>>",a="b"}';
    expect(namesMade(other, ['a'], 'http-requests')).toBe('{__name__!~"http-requests",a="b"}');
    expect(() => namesMade(other, ['a'], '.*')).toThrow(UnsafeNameError);
    const two = '{__name__=~"<<.Series>>|<<.GroupBy>>"}';
    const request = { series: 'a|b', selector: [], groupBy: ['k8s.pod'] };
    expect(() => compiledRule({ metricsQuery: two }).query.for(request)).toThrow(UnsafeNameError);
  });

  it('never gives a different query for any name', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[-a"\\{}|.*#'` \n]{0,8}$/),
    );
    fc.assert(
      fc.property(text, text, (name, series) => {
        let made: string;
        try {
          made = namesMade(
            '{"<<.Series>>",pod="<<.LabelValuesByName.pod>>",<<.LabelMatchers>>}',
            [name],
            series === '' ? 'x' : series,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(UnsafeNameError);
          return;
        }
        expect(vectorSelectors(made)).toMatchObject([
          {
            name: series === '' ? 'x' : series,
            matchers: [{ value: name }, {}, {}, { value: name }],
          },
        ]);
      }),
    );
  });
});

describe('`.GroupBy` with labels that need quotes', () => {
  const LABELS = ['k8s.namespace.name', 'pod', 'k8s.pod.name'];
  const grouped = (metricsQuery: string, language: QueryLanguage = 'promql', labels = LABELS) =>
    compiledRule({ metricsQuery, language }).query.for({
      series: 'load',
      selector: [],
      objects: { label: 'k8s.pod.name', names: ['web-0'] },
      groupBy: labels,
    });

  it('are quoted if the template does not quote them', () => {
    expect(grouped('sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)')).toBe(
      'sum(load{"k8s.pod.name"="web-0"}) by ("k8s.namespace.name",pod,"k8s.pod.name")',
    );
    expect(grouped('sum by (<<.GroupBy>>, le) (load) / on (<<.GroupBy>>) load')).toBe(
      'sum by ("k8s.namespace.name",pod,"k8s.pod.name", le) (load) / on ("k8s.namespace.name",pod,"k8s.pod.name") load',
    );
  });

  it('does not change them inside quotes and in `.GroupBySlice`', () => {
    const one = ['k8s.pod.name'];
    expect(grouped('sum by (<<printf "%q" .GroupBy>>) (load)', 'promql', one)).toBe(
      'sum by ("k8s.pod.name") (load)',
    );
    expect(grouped('sum by ("<<.GroupBy>>") (load)', 'promql', one)).toBe(
      'sum by ("k8s.pod.name") (load)',
    );
    const slice =
      'sum by (<<range $i, $l := .GroupBySlice>><<if $i>>,<<end>><<printf "%q" $l>><<end>>) (load)';
    expect(grouped(slice)).toBe('sum by ("k8s.namespace.name","pod","k8s.pod.name") (load)');
    expect(grouped('sum by (<<index .GroupBySlice 0>>) (load)')).toBe(
      'sum by (k8s.namespace.name) (load)',
    );
  });

  it('does not change them if the template compares them, or queries need not be PromQL', () => {
    const chosen =
      'sum by (<<if eq .GroupBy "k8s.pod.name">>"k8s.pod.name"<<else>>pod<<end>>) (load)';
    expect(grouped(chosen, 'promql', ['k8s.pod.name'])).toBe('sum by ("k8s.pod.name") (load)');
    expect(grouped('sum(load) by (<<.GroupBy>>)', 'other')).toBe(
      'sum(load) by (k8s.namespace.name,pod,k8s.pod.name)',
    );
    const { query } = compiledRule({
      metricsQuery: 'sum({__name__="<<.Series>>"}) by (<<.GroupBy>>)',
      language: 'other',
    });
    expect(query.for({ series: 'http-requests', selector: [], groupBy: LABELS })).toBe(
      'sum({__name__="http-requests"}) by (k8s.namespace.name,pod,k8s.pod.name)',
    );
  });
});
