import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../../apimachinery/label-selector-parser.ts';
import type { QueryRequest } from '../query.ts';
import { cacheQueries } from './query-cache.ts';

const metricsQuery = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';

/** Lists that several requests share, some of them with equal content. */
const lists = [['a', 'b'], ['a', 'b'], ['b', 'c', 'd'], ['a'], []];
const selectors = ['', '', 'x=1', 'x=1', 'x in (1,2)'].map(parseLabelSelector);

const request: fc.Arbitrary<QueryRequest> = fc.record(
  {
    series: fc.constantFrom('load', 'depth'),
    selector: fc.constantFrom(...selectors),
    namespace: fc.record({
      label: fc.constantFrom('namespace', 'ns'),
      value: fc.constantFrom('shop', 'bank'),
    }),
    objects: fc.record({
      label: fc.constantFrom('pod', 'service'),
      names: fc.constantFrom(...lists),
    }),
    groupBy: fc.constantFrom(['pod'], ['service'], ['pod', 'namespace'], []),
  },
  { requiredKeys: ['series', 'selector', 'groupBy'] },
);

it('returns the same query as without the cache', () => {
  const { query } = compiledRule({ metricsQuery });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
      for (const each of requests) {
        expect(query.for(each)).toBe(compiledRule({ metricsQuery }).query.for(each));
      }
    }),
    { numRuns: 50 },
  );
});

it('generates the query for a list of objects once', () => {
  let made = 0;
  const cached = cacheQueries(() => `query ${++made}`);
  const ask = (names: readonly string[], value = 'shop') =>
    cached({
      series: 'load',
      selector: [],
      namespace: { label: 'namespace', value },
      objects: { label: 'pod', names },
      groupBy: ['pod'],
    });
  const names = ['a', 'b'];
  expect([ask(names), ask(names), ask(['a', 'b'])]).toEqual(['query 1', 'query 1', 'query 2']);
  expect([ask(names), ask(names, 'bank'), ask(names)]).toEqual(['query 1', 'query 3', 'query 4']);
});

it.each<[string, Partial<QueryRequest>]>([
  ['series', { series: 'depth' }],
  ['selector', { selector: parseLabelSelector('x=1') }],
  ['namespace', { namespace: { label: 'namespace', value: 'bank' } }],
  ['label of the namespace', { namespace: { label: 'ns', value: 'shop' } }],
  ['label of the objects', { objects: { label: 'service', names: lists[0] ?? [] } }],
  ['first label to group by', { groupBy: ['service', 'namespace'] }],
  ['second label to group by', { groupBy: ['pod', 'node'] }],
  ['number of labels to group by', { groupBy: ['pod'] }],
  ['further labels to group by', { groupBy: ['pod', 'namespace', 'node'] }],
])('generates another query for another %s', (_, other) => {
  let made = 0;
  const cached = cacheQueries(() => `query ${++made}`);
  const requested: QueryRequest = {
    series: 'load',
    selector: [],
    namespace: { label: 'namespace', value: 'shop' },
    objects: { label: 'pod', names: lists[0] ?? [] },
    groupBy: ['pod', 'namespace'],
  };
  expect([cached(requested), cached({ ...requested })]).toEqual(['query 1', 'query 1']);
  expect(cached({ ...requested, ...other })).toBe('query 2');
});

it('does not cache the query for one object', () => {
  let made = 0;
  const cached = cacheQueries(() => `query ${++made}`);
  const requested = {
    series: 'load',
    selector: [],
    objects: { label: 'pod', names: ['a'] },
    groupBy: [],
  };
  expect([cached(requested), cached(requested)]).toEqual(['query 1', 'query 2']);
});

it('does not cache errors', () => {
  let made = 0;
  const cached = cacheQueries(() => {
    made += 1;
    throw new Error('no query');
  });
  const requested = {
    series: '',
    selector: [],
    objects: { label: 'pod', names: ['a', 'b'] },
    groupBy: [],
  };
  expect(() => cached(requested)).toThrow('no query');
  expect(() => cached(requested)).toThrow('no query');
  expect(made).toBe(2);
});
