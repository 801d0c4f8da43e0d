import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { type QueryRequest, UnsupportedRequirementError } from './query.ts';
import { openObjects, shareQuery } from './shared-query.ts';

function request(names: readonly string[], namespace = 'shop'): QueryRequest {
  return {
    series: 'load',
    selector: [{ key: 'code', operator: 'in', values: ['1', '2'] }],
    namespace: { label: 'namespace', value: namespace },
    objects: { label: 'pod', names },
    groupBy: ['pod'],
  };
}

/** The shared query, or why there is none, and which requests it covers. */
function share(metricsQuery: string) {
  const { query } = compiledRule({ metricsQuery });
  const sharing = shareQuery(query, request(['any']));
  const covers = (requested: QueryRequest) =>
    sharing.shared?.covers(requested, query.for(requested)) ?? false;
  return { promql: sharing.shared?.promql, sharing, covers };
}

const BY_VALUES =
  'max(y{namespace="<<index .LabelValuesByName "namespace">>",pod=~"<<index .LabelValuesByName "pod">>"}) by (pod)';

describe('shareQuery', () => {
  it('opens names and namespaces, and groups by the namespace', () => {
    const { promql, covers } = share('sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)');
    expect(promql).toBe('sum(load{code=~"1|2",namespace!="",pod!=""}) by (namespace,pod)');
    expect(covers(request(['a']))).toBe(true);
    expect(covers(request(['a', 'web.0'], 'other'))).toBe(true);
  });

  it('does not analyze a query that is too long', () => {
    const term = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    const long = Array.from({ length: 240 }, () => term).join(' + ');
    expect(share(long).sharing).toEqual({
      shared: undefined,
      reason: 'the query has more than 16384 characters',
    });
    expect(share(`${term} + ${term}`).promql).toBeDefined();
  });

  it('analyzes a query of 16384 characters', () => {
    const term = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    // With names as long as the placeholders.
    const requested = request(['object-4f1c'], 'namespace-9d27');
    const { length } = compiledRule({ metricsQuery: term }).query.for(requested);
    const padded = (most: number) => `${term}${' '.repeat(most - length)}`;
    expect(share(padded(16_384)).promql).toBeDefined();
    expect(share(padded(16_385)).promql).toBeUndefined();
  });

  it('opens every matcher and groups every aggregation by the namespace', () => {
    const inner = 'max by (<<.GroupBy>>) (x{<<.LabelMatchers>>})';
    const { promql, sharing, covers } = share(
      `sum by (<<.GroupBy>>) (${inner}) / min(y{pod=~"<<.LabelValuesByName.pod>>",namespace="<<.LabelValuesByName.namespace>>",a="b"}) by (pod)`,
    );
    expect(promql).toBe(
      'sum by (namespace,pod) (max by (namespace,pod) (x{code=~"1|2",namespace!="",pod!=""})) / min(y{pod!="",namespace!="",a="b"}) by (namespace,pod)',
    );
    expect(sharing.shared).toMatchObject({ objectLabel: 'pod', namespaceLabel: 'namespace' });
    expect(covers(request(['a', 'b']))).toBe(true);
    expect(covers(request(['a'], 'other'))).toBe(true);
    expect(sharing.shared?.covers(request(['a']), 'up')).toBe(false);
  });

  it('recognizes matchers that a template writes itself', () => {
    const { promql, covers } = share(BY_VALUES);
    expect(promql).toBe('max(y{namespace!="",pod!=""}) by (namespace,pod)');
    expect(covers(request(['a']))).toBe(true);
    expect(covers(request(['a', 'b']))).toBe(true);
    // `pod="a|b"` finds nothing, unlike the shared query.
    const { covers: single } = share(BY_VALUES.replace('=~', '='));
    expect(single(request(['a']))).toBe(true);
    expect(share(BY_VALUES.replace('pod=~', 'pod = ')).covers(request(['a']))).toBe(true);
    expect(single(request(['a', 'b']))).toBe(false);
  });

  it('does not cover requests with special characters in names', () => {
    const { covers } = share('sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)');
    for (const names of [[], [''], ['a|b'], ['.*'], ['a"b'], ['größe'], ['-a'], ['a', 'b|c']]) {
      expect(covers(request(names)), names.join()).toBe(false);
    }
    for (const name of ['a-b', 'A.b', 'system:node_1', '0']) {
      expect(covers(request([name])), name).toBe(true);
    }
    for (const namespace of ['', '-a', 'a_b', 'a:b', 'a|b']) {
      expect(covers(request(['a'], namespace)), namespace).toBe(false);
    }
    const { objects: _, ...withoutObjects } = request([]);
    expect(covers(withoutObjects)).toBe(false);
    // As a regular expression, this namespace matches others.
    expect(covers(request(['a'], 'shop.2'))).toBe(false);
  });

  it('does not cover requests for which the template has another query', () => {
    const { covers, promql } = share(
      'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)<<if eq (index .LabelValuesByName "pod") "odd">> * 2<<end>>',
    );
    expect(promql).toBeDefined();
    expect(covers(request(['even']))).toBe(true);
    expect(covers(request(['odd']))).toBe(false);
  });

  it('does not cover a query for another namespace', () => {
    const { query } = compiledRule({});
    const names = ['a', 'b'];
    const { shared } = shareQuery(query, request(['any']));
    const promql = query.for(request(names));
    expect(shared?.covers(request(names), promql)).toBe(true);
    expect(shared?.covers(request(names, 'bank'), promql)).toBe(false);
    expect(shared?.covers(request(names), promql)).toBe(true);
  });

  it('checks each query separately for the same list of names', () => {
    const { query } = compiledRule({
      metricsQuery:
        'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)<<if eq (index .LabelValuesByName "namespace") "odd">> * 2<<end>>',
    });
    const lists = [['a', 'b'], ['a', 'b'], ['b', 'a|c'], ['a']];
    const requested = fc.record({
      code: fc.constantFrom('1', '2'),
      namespace: fc.constantFrom('shop', 'bank', 'odd'),
      names: fc.constantFrom(...lists),
    });
    const requestOf = ({
      code,
      namespace,
      names,
    }: { [Key in 'code' | 'namespace']: string } & { names: readonly string[] }) => ({
      ...request(names, namespace),
      selector: [{ key: 'code', operator: 'in' as const, values: [code] }],
    });
    const byCode = new Map(
      ['1', '2'].map((code) => {
        const any = requestOf({ code, namespace: 'shop', names: ['any'] });
        return [code, shareQuery(query, any).shared] as const;
      }),
    );
    fc.assert(
      fc.property(fc.array(requested, { maxLength: 30 }), (all) => {
        for (const each of all) {
          const own = requestOf(each);
          const promql = query.for(own);
          const isCovered = each.namespace !== 'odd' && !each.names.includes('a|c');
          expect(byCode.get(each.code)?.covers(own, promql)).toBe(isCovered);
          expect(byCode.get(each.code === '1' ? '2' : '1')?.covers(own, promql)).toBe(false);
        }
      }),
    );
  });

  it('reports why a query is not shared', () => {
    const reasonOf = (metricsQuery: string) => {
      const { sharing } = share(metricsQuery);
      return sharing.shared === undefined ? sharing.reason : '';
    };
    expect(reasonOf('sum(<<.Series>>{<<.LabelMatchers>>})')).toBe('`sum` is not grouped by `pod`');
    expect(reasonOf('sum(load{<<.LabelMatchers>>}) by (pod) * <<len .LabelMatchers>>')).toContain(
      'outside of label matchers',
    );
    expect(reasonOf('<<if eq .Series "">>x<<end>>')).toContain('gives no query');
    const some =
      '<<if ne (slice .LabelValuesByName.pod 0 2) "ot">>sum(x{<<.LabelMatchers>>}) by (pod)';
    for (const text of [some, some.replace('"ot"', '"ob"')]) {
      expect(reasonOf(`${text}<<end>>`)).toBe('the template gives no query for some names');
    }
    expect(reasonOf(`${some}<<else>>up<<end>>`)).toContain('outside of label matchers');
  });

  it('needs no namespace for objects without one, and quotes a label that needs it', () => {
    const { query } = compiledRule({
      metricsQuery: 'sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})',
    });
    const nodes = { series: 'load', selector: [], groupBy: ['node'] };
    const objects = { label: 'node', names: ['n'] };
    expect(shareQuery(query, { ...nodes, objects }).shared?.promql).toBe(
      'sum by (node) (load{node!=""})',
    );
    const namespace = { label: 'k8s.namespace', value: 'x' };
    expect(shareQuery(query, { ...nodes, objects, namespace }).shared?.promql).toBe(
      'sum by ("k8s.namespace",node) (load{"k8s.namespace"!="",node!=""})',
    );
    expect(shareQuery(query, nodes)).toEqual({
      shared: undefined,
      reason: 'the metric describes no objects',
    });
  });

  it('rejects a request without a counterpart in PromQL', () => {
    const { query } = compiledRule({});
    const selector = [{ key: 'code', operator: 'gt' as const, values: ['1'] }];
    expect(() => shareQuery(query, { ...request(['a']), selector })).toThrow(
      UnsupportedRequirementError,
    );
  });
});

describe('openObjects', () => {
  const { query } = compiledRule({
    metricsQuery: 'sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})',
  });
  const containers = { ...request(['any']), groupBy: ['pod', 'container'] };

  it('opens names, and keeps the namespace', () => {
    const { shared } = openObjects(query, containers, ['container']);
    expect(shared).toMatchObject({
      promql: 'sum by (pod,container) (load{code=~"1|2",namespace="shop",pod!=""})',
      objectLabel: 'pod',
      namespaceLabel: undefined,
    });
    const covers = (names: readonly string[], namespace: string) => {
      const requested = { ...request(names, namespace), groupBy: containers.groupBy };
      return shared?.covers(requested, query.for(requested));
    };
    expect(covers(['a'], 'shop')).toBe(true);
    expect(covers(['a', 'b'], 'shop')).toBe(true);
    expect(covers(['a'], 'bank')).toBe(false);
    expect(covers(['a', 'b'], 'bank')).toBe(false);
  });

  it('needs the labels that distinguish samples of one object', () => {
    expect(openObjects(query, containers, []).shared).toBeUndefined();
    expect(openObjects(query, request(['any']), []).shared).toBeDefined();
  });

  it('supports objects without a namespace', () => {
    const objects = { label: 'node', names: ['any'] };
    const nodes = { series: 'load', selector: [], objects, groupBy: ['node'] };
    const { shared } = openObjects(query, nodes, []);
    expect(shared?.promql).toBe('sum by (node) (load{node!=""})');
    expect(shared?.covers(nodes, query.for(nodes))).toBe(true);
  });
});
