import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import type { QueryRequest } from './metrics-query.ts';
import { shareQuery } from './shared-query.ts';

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
  const covers = (asked: QueryRequest) => sharing.shared?.covers(asked, query.for(asked)) ?? false;
  return { promql: sharing.shared?.promql, sharing, covers };
}

const BY_VALUES =
  'max(y{namespace="<<index .LabelValuesByName "namespace">>",pod=~"<<index .LabelValuesByName "pod">>"}) by (pod)';

describe('shareQuery', () => {
  it('leaves names and namespaces open, and groups by the namespace', () => {
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

  it('knows matchers that a template writes itself', () => {
    const { promql, covers } = share(BY_VALUES);
    expect(promql).toBe('max(y{namespace!="",pod!=""}) by (namespace,pod)');
    expect(covers(request(['a']))).toBe(true);
    expect(covers(request(['a', 'b']))).toBe(true);
    // `pod="a|b"` finds nothing, unlike the shared query.
    const { covers: single } = share(BY_VALUES.replace('=~', '='));
    expect(single(request(['a']))).toBe(true);
    expect(single(request(['a', 'b']))).toBe(false);
  });

  it('leaves requests alone that have something in their names', () => {
    const { covers } = share('sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)');
    for (const names of [[], [''], ['a|b'], ['.*'], ['a"b'], ['größe']]) {
      expect(covers(request(names))).toBe(false);
    }
    // As an expression this namespace matches others.
    expect(covers(request(['a'], 'shop.2'))).toBe(false);
  });

  it('leaves requests alone for which the template does something else', () => {
    const { covers, promql } = share(
      'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)<<if eq (index .LabelValuesByName "pod") "odd">> * 2<<end>>',
    );
    expect(promql).toBeDefined();
    expect(covers(request(['even']))).toBe(true);
    expect(covers(request(['odd']))).toBe(false);
  });

  it('judges each query by itself, whatever was asked before with the same list of names', () => {
    const { query } = compiledRule({
      metricsQuery:
        'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)<<if eq (index .LabelValuesByName "namespace") "odd">> * 2<<end>>',
    });
    const lists = [['a', 'b'], ['a', 'b'], ['b', 'a|c'], ['a']];
    const asked = fc.record({
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
      fc.property(fc.array(asked, { maxLength: 30 }), (all) => {
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

  it('tells why a query is not shared', () => {
    const reasonOf = (metricsQuery: string) => {
      const { sharing } = share(metricsQuery);
      return sharing.shared === undefined ? sharing.reason : '';
    };
    expect(reasonOf('sum(<<.Series>>{<<.LabelMatchers>>})')).toBe('`sum` is not grouped by `pod`');
    expect(reasonOf('sum(load{<<.LabelMatchers>>}) by (pod) * <<len .LabelMatchers>>')).toContain(
      'outside of label matchers',
    );
    expect(reasonOf('<<if eq .Series "">>x<<end>>')).toContain('gives no query');
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
    expect(shareQuery(query, nodes).shared).toBeUndefined();
  });
});
