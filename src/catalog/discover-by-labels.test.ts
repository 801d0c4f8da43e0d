import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../kubernetes/discovery/resource-mapper.ts';
import { readSeriesQuery } from '../rules/series-query.ts';
import { discoverByLabels } from './discover-by-labels.ts';
import type { DiscoveryRequests } from './series-source.ts';

const builtin = builtinResourceMapper();

interface Surroundings {
  /** The labels of each series, in addition to its name. */
  readonly series: Readonly<Record<string, readonly string[]>>;
  /** The labels that the rules require. */
  readonly needed?: readonly string[];
  /** The templates of rules. */
  readonly templates?: readonly string[];
  readonly mapper?: typeof builtin;
  /** Names that the server finds for a label only, not for the series query. */
  readonly later?: readonly string[];
  /** Whether the server finds names and labels by a selector. */
  readonly findsNames?: boolean;
}

/** Discovers the series of a server; its requests are kept. */
function discovery(text: string, surroundings: Surroundings) {
  const { series, needed = [], templates = [], mapper = builtin, later = [] } = surroundings;
  const { findsNames = true } = surroundings;
  const query = readSeriesQuery(text);
  if (query === undefined) throw new Error('no series query');
  const labels = [...new Set(Object.values(series).flat())];
  const listed = new Map(Object.entries(series).map(([name, own]) => [name, new Set(own)]));
  const asked: string[] = [];
  const ask: DiscoveryRequests = {
    async series(match) {
      asked.push(`series ${match}`);
      return listed;
    },
    async labels(match) {
      asked.push(`labels ${match}`);
      return findsNames ? ['__name__', ...labels] : [];
    },
    async names(match) {
      asked.push(`names ${match}`);
      if (!findsNames) return [];
      if (match === text) return Object.keys(series).filter((name) => !later.includes(name));
      return Object.keys(series).filter((name) =>
        series[name]?.some((label) => query.withLabel(label) === match),
      );
    },
  };
  const needs = {
    labels: new Set(needed),
    templates: templates.map((template) => compiledRule({ seriesQuery: text, template }).resources),
  };
  return { discover: () => discoverByLabels(text, query, needs, mapper, ask), asked, listed };
}

describe('a series query with one name', () => {
  it('takes one request for the labels if rules require any', async () => {
    const series = { load: ['job', 'pod', 'shard'] };
    for (const needs of [{ needed: ['pod'] }, { templates: ['<<.Resource>>'] }]) {
      const { discover, asked } = discovery('load{job="a"}', { series, ...needs });
      expect([...(await discover())]).toEqual([['load', new Set(['job', 'pod', 'shard'])]]);
      expect(asked).toEqual(['labels load{job="a"}']);
    }
  });

  it('takes one request for the name if the query requires all labels itself', async () => {
    for (const needed of [['job'], []]) {
      const { discover, asked } = discovery('load{job="a"}', { series: { load: ['job'] }, needed });
      expect([...(await discover())]).toEqual([['load', new Set(['job'])]]);
      expect(asked).toEqual(['names load{job="a"}']);
    }
  });
});

describe('a series query with several names', () => {
  const series = { a: ['job', 'pod'], b: ['job', 'pod'], c: ['job', 'shard'], d: ['job'] };

  it('takes a request for the names, and one for each required label', async () => {
    const { discover, asked } = discovery('{job="x"}', {
      series,
      needed: ['job', 'pod', 'shard'],
    });
    const found = await discover();
    expect([...found]).toEqual([
      ['a', new Set(['job', 'pod'])],
      ['b', new Set(['job', 'pod'])],
      ['c', new Set(['job', 'shard'])],
      ['d', new Set(['job'])],
    ]);
    expect(found.get('a')).toBe(found.get('b'));
    expect(asked).toEqual([
      'names {job="x"}',
      'names {pod!="",job="x"}',
      'names {shard!="",job="x"}',
    ]);
  });

  it('takes a request for each label that a template reads or a rule requires, and for no other', async () => {
    const { discover, asked } = discovery('{job="x"}', {
      series: { ...series, d: ['job', 'service', 'instance'] },
      needed: ['shard'],
      templates: ['<<.Resource>>', 'kube_<<.Resource>>'],
    });
    expect((await discover()).get('d')).toEqual(new Set(['job', 'service']));
    expect(asked).toEqual([
      'names {job="x"}',
      'labels {job="x"}',
      'names {pod!="",job="x"}',
      'names {shard!="",job="x"}',
      'names {service!="",job="x"}',
    ]);
  });

  it('does not treat the name of a series as a label, for any resources of the cluster', async () => {
    const names = { group: 'x.io', version: 'v1', resource: 'names', singular: 'name' };
    const mapper = createResourceMapper([
      ...builtin.resources,
      { ...names, kind: 'Name', namespaced: false },
    ]);
    const { discover, asked } = discovery('{__name__=~"a|b",job="x"}', {
      series: { a: ['job', '__pod__'], b: ['job'] },
      templates: ['__<<.Resource>>__'],
      mapper,
    });
    expect([...(await discover())]).toEqual([
      ['a', new Set(['job', '__pod__'])],
      ['b', new Set(['job'])],
    ]);
    expect(asked.slice(2)).toEqual(['names {__pod__!="",__name__=~"a|b",job="x"}']);
  });

  it('ignores a series that appears after the first request until the next relist', async () => {
    const { discover } = discovery('{job="x"}', { series, needed: ['pod'], later: ['b'] });
    expect([...(await discover()).keys()]).toEqual(['a', 'c', 'd']);
  });

  it('takes 100 requests for labels; for more labels the series are listed', async () => {
    const labels = Array.from({ length: 101 }, (_, i) => `label_${i}`);
    for (const [count, requests] of [
      [100, 101],
      [101, 2],
    ]) {
      const { discover, asked } = discovery('{job="x"}', {
        series,
        needed: labels.slice(0, count),
      });
      await discover();
      expect(asked).toHaveLength(requests ?? 0);
    }
  });

  it('with one name takes one request for its labels if several are required', async () => {
    const one = { a: ['job', 'pod', 'shard'] };
    const several = discovery('{job="x"}', { series: one, needed: ['pod', 'shard'] });
    expect([...(await several.discover())]).toEqual([['a', new Set(['job', 'pod', 'shard'])]]);
    expect(several.asked).toEqual(['names {job="x"}', 'labels {job="x"}']);
    const single = discovery('{job="x"}', { series: one, needed: ['pod'] });
    expect([...(await single.discover())]).toEqual([['a', new Set(['job', 'pod'])]]);
    expect(single.asked).toEqual(['names {job="x"}', 'names {pod!="",job="x"}']);
  });
});

it.each([
  ['load', ['labels load', 'series load']],
  ['{job="x"}', ['names {job="x"}', 'series {job="x"}']],
])('lists the series if the server finds none by the labels of %s', async (text, requests) => {
  const { discover, asked, listed } = discovery(text, {
    series: { load: ['pod'] },
    needed: ['pod'],
    findsNames: false,
  });
  expect(await discover()).toBe(listed);
  expect(asked).toEqual(requests);
});

it('pauses in each loop over names and labels when its slice is over, and only then', async () => {
  const names = Array.from({ length: 10 }, (_, i) => [`name_${i}`, ['pod', 'job']] as const);
  const { discover } = discovery('{job="a"}', {
    series: Object.fromEntries(names),
    templates: ['<<.Resource>>'],
  });
  expect(await turnsDuring('still', discover)).toBe(0);
  // One label in addition to those of the query, 10 names, and 10 names with the label; the first step
  // begins the first slice.
  expect(await turnsDuring('fast', discover)).toBe(20);
});

it('lists the series if too many labels map to one resource', async () => {
  // All of these map to the same resource.
  const spellings = Array.from({ length: 128 }, (_, bits) =>
    [...'replicaset'].map((c, i) => ((bits >> i) & 1 ? c.toUpperCase() : c)).join(''),
  );
  const { discover, asked, listed } = discovery('{job="a"}', {
    series: { a: spellings, b: ['pod'] },
    templates: ['<<.Resource>>'],
  });
  expect(await discover()).toBe(listed);
  expect(asked).toEqual(['names {job="a"}', 'labels {job="a"}', 'series {job="a"}']);
});
