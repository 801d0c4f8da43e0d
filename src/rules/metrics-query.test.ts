import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../apimachinery/label-selector.ts';
import { checkQuery } from '../promql/check.ts';
import { vectorSelectors } from '../promql/selectors.ts';
import { matchersOf, QueryError, UnsupportedRequirementError } from './metrics-query.ts';

const { query } = compiledRule({});

describe('metrics query', () => {
  it('puts the matchers in their order: selector, namespace, objects', () => {
    expect(
      query.for({
        series: 'load',
        selector: parseLabelSelector('shard in (b,a),!old,region,zone!=x,env=prod'),
        namespace: { label: 'ns', value: 'shop' },
        objects: { label: 'pod', names: ['a', 'b.c'] },
        groupBy: ['pod'],
      }),
    ).toBe(
      'sum(load{env="prod",old="",region!="",shard=~"a|b",zone!="x",ns="shop",pod=~"a|b.c"}) by (pod)',
    );
  });

  it('asks for one object by equality', () => {
    expect(
      query.for({
        series: 'load',
        selector: [],
        objects: { label: 'node', names: ['n|1'] },
        groupBy: ['node'],
      }),
    ).toBe('sum(load{node="n|1"}) by (node)');
  });

  it('refuses what PromQL cannot ask', () => {
    const selector = parseLabelSelector('code>200');
    expect(() => query.for({ series: 'load', selector, groupBy: [] })).toThrow(
      UnsupportedRequirementError,
    );
  });

  it('refuses an empty query and a template that fails', () => {
    const request = { series: 'load', selector: [], groupBy: [] };
    expect(() => compiledRule({ metricsQuery: '' }).query.for(request)).toThrow(QueryError);
    expect(() => compiledRule({ metricsQuery: '<<.Nope>>' }).query.for(request)).toThrow(/Nope/);
  });

  it('makes a query with exactly the matchers asked for, whatever the names and values', () => {
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

  it('never lets a name match anything but itself and, through a dot, names of its length', () => {
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
