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

it('lists the series where labels without end stand for one resource', async () => {
  const text = '{job="a"}';
  const query = readSeriesQuery(text);
  const { resources } = compiledRule({ seriesQuery: text, template: '<<.Resource>>' });
  if (query === undefined) throw new Error('no series query');
  // All of these are read as the one resource.
  const spellings = Array.from({ length: 128 }, (_, bits) =>
    [...'replicaset'].map((c, i) => ((bits >> i) & 1 ? c.toUpperCase() : c)).join(''),
  );
  const asked: string[] = [];
  const series = new Map([['a', new Set(['job', 'pod'])]]);
  const ask: DiscoveryRequests = {
    series: async () => series,
    labels: async () => ['__name__', ...spellings],
    names: async (match) => {
      asked.push(match);
      return ['a', 'b'];
    },
  };
  const needs = { labels: new Set<string>(), templates: [resources] };
  const found = await discoverByLabels(text, query, needs, builtinResourceMapper(), ask);
  expect(found).toBe(series);
  expect(asked).toEqual([text]);
});
