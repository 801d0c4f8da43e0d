import { expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../kubernetes/builtin-resources.ts';
import { readSeriesQuery } from '../rules/series-query.ts';
import { discoverByLabels } from './discover-by-labels.ts';
import type { DiscoveryRequests } from './series-source.ts';

it('lets others run while it reads thousands of labels', async () => {
  const text = '{job="a"}';
  const query = readSeriesQuery(text);
  const { resources } = compiledRule({ seriesQuery: text, template: '<<.Resource>>' });
  if (query === undefined) throw new Error('no series query');
  const labels = ['__name__', 'pod', ...Array.from({ length: 20_000 }, (_, i) => `label_${i}`)];
  const ask: DiscoveryRequests = {
    series: () => Promise.reject(new Error('nobody asks for series')),
    labels: async () => labels,
    names: async (match) => (match === text ? ['a', 'b'] : ['b']),
  };
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const needs = { labels: new Set<string>(), templates: [resources] };
  const found = await discoverByLabels(text, query, needs, builtinResourceMapper(), ask);
  clearInterval(timer);
  expect([...found]).toEqual([
    ['a', new Set(['job'])],
    ['b', new Set(['job', 'pod'])],
  ]);
  expect(turns).toBeGreaterThan(3);
});
