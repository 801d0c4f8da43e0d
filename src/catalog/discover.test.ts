import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { PrometheusError } from '../prometheus/errors.ts';
import { prometheusServers } from '../prometheus/servers.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { discover } from './discover.ts';
import type { DiscoveryMode } from './discovery-strategy.ts';
import type { SeriesSource } from './series-source.ts';

class Unsupported extends PrometheusError {
  constructor(message = 'HTTP 501') {
    super('bad_answer', message);
  }
}

const overrides = { namespace: 'namespace', pod: 'pod' };

/** Labels of each series, in addition to its name. */
type Series = Readonly<Record<string, readonly string[]>>;

/** The result of discovery with a server with these series; its requests are kept. */
async function discovered(
  rules: readonly CompiledRule[],
  series: Series,
  {
    failures = new Map(),
    mode = 'labels',
  }: { failures?: ReadonlyMap<string, unknown>; mode?: DiscoveryMode } = {},
) {
  const asked: string[] = [];
  const answer = async <T>(request: string, value: T): Promise<T> => {
    asked.push(request);
    if (failures.has(request)) throw failures.get(request);
    return value;
  };
  const source: SeriesSource = {
    seriesLabelNames: () =>
      answer('series', new Map(Object.entries(series).map(([name, own]) => [name, new Set(own)]))),
    labelNames: () => answer('labels', ['__name__', ...new Set(Object.values(series).flat())]),
    labelValues: (_label, [match = '']) =>
      answer(
        'names',
        Object.keys(series).filter((name) => {
          const label = /(\w+)!=""/.exec(match)?.[1];
          return label === undefined || series[name]?.includes(label);
        }),
      ),
  };
  const { outcomes, strategies } = await discover(
    {
      custom: rules.filter(({ kind }) => kind === 'custom'),
      external: rules.filter(({ kind }) => kind === 'external'),
    },
    builtinResourceMapper(),
    prometheusServers(source),
    {
      mode,
      start: 0,
      concurrency: 1,
      signal: new AbortController().signal,
    },
  );
  return { outcomes, strategies, asked };
}

const rule = compiledRule({ seriesQuery: '{job="x"}', overrides });

it('sends nothing without rules', async () => {
  expect(await discovered([], {})).toEqual({ outcomes: [], strategies: [], asked: [] });
});

it('reports no strategy if the server does not respond', async () => {
  const down = new Error('down');
  const failures = new Map([['names', down]]);
  const { outcomes, strategies } = await discovered([rule], {}, { failures, mode: 'auto' });
  expect({ outcomes, strategies }).toEqual({
    outcomes: [{ seriesQuery: rule.seriesQuery, error: down }],
    strategies: [],
  });
});

it('starts the requests of the series queries in slices', async () => {
  const rules = Array.from({ length: 10 }, (_, i) => compiledRule({ seriesQuery: `name_${i}` }));
  const start = () => discovered(rules, {}, { mode: 'series' });
  expect(await turnsDuring('still', start)).toBe(0);
  expect(await turnsDuring('fast', start)).toBe(9);
});

describe('by labels', () => {
  it('lists the series of a query that is not a PromQL selector, and reports why', async () => {
    const foreign = { ...rule, seriesQuery: '{job="x" or job="y"}' };
    const { outcomes, asked } = await discovered([foreign], { a: ['pod'] });
    expect(outcomes).toEqual([
      {
        seriesQuery: foreign.seriesQuery,
        found: new Map([['a', new Set(['pod'])]]),
        strategy: 'series',
        fallback: 'it is not a PromQL selector',
      },
    ]);
    expect(asked).toEqual(['series']);
  });

  it.each([
    [new Unsupported('no such label'), 'no such label'],
    [new PrometheusError('unavailable', 'HTTP 501', { status: 501 }), 'HTTP 501'],
  ])(
    'lists the series if the server does not support the requests, and reports why: %s',
    async (failure, fallback) => {
      const failures = new Map([['names', failure]]);
      const { outcomes, asked } = await discovered([rule], { a: ['pod'] }, { failures });
      expect(outcomes).toMatchObject([{ strategy: 'series', fallback }]);
      expect(asked).toEqual(['names', 'series']);
    },
  );

  it('fails if the server fails for another reason', async () => {
    const down = new Error('down');
    const failures = new Map([['names', down]]);
    const { outcomes, asked } = await discovered([rule], { a: ['pod'] }, { failures });
    expect(outcomes).toEqual([{ seriesQuery: rule.seriesQuery, error: down }]);
    expect(asked).toEqual(['names']);
  });
});

describe('the labels of series without required labels', () => {
  const unexplained: Series = { a: ['job', 'instance'], b: ['job'] };

  it('are requested, without the name', async () => {
    const { outcomes, asked } = await discovered([rule], unexplained);
    expect(outcomes).toEqual([
      {
        seriesQuery: rule.seriesQuery,
        found: new Map([
          ['a', new Set(['job'])],
          ['b', new Set(['job'])],
        ]),
        strategy: 'labels',
        labels: ['job', 'instance'],
      },
    ]);
    expect(asked).toEqual(['names', 'names', 'names', 'labels']);
  });

  it('are 21 at most', async () => {
    const labels = Array.from({ length: 50 }, (_, i) => `label_${i}`);
    const { outcomes } = await discovered([rule], { a: labels, b: [] });
    expect(outcomes).toMatchObject([{ labels: labels.slice(0, 21) }]);
  });

  it('are empty if the request for them fails', async () => {
    const failures = new Map([['labels', new Error('down')]]);
    const { outcomes } = await discovered([rule], unexplained, { failures });
    expect(outcomes).toMatchObject([{ strategy: 'labels', labels: [] }]);
  });

  const template = compiledRule({ seriesQuery: '{job="x"}', template: '<<.Resource>>' });

  it.each([
    ['one of them has a label needed', rule, { ...unexplained, c: ['job', 'pod'] }],
    ['the query demands a label needed', { ...rule, seriesQuery: '{pod="x"}' }, { a: [], b: [] }],
    [
      'the query demands a label that a template reads',
      { ...template, seriesQuery: '{pod="x"}' },
      { a: ['pod'], b: ['pod'] },
    ],
    ['there are no series', rule, {}],
    [
      'the rule needs no label',
      compiledRule({ seriesQuery: '{job="x"}', namespaced: false }, 'external'),
      unexplained,
    ],
  ])('are not reported if %s', async (_, rule, series) => {
    const { outcomes } = await discovered([rule], series);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toHaveProperty('found');
    expect(outcomes[0]).not.toHaveProperty('labels');
  });

  it('are searched once in each set of labels, in slices', async () => {
    const ofRegion = { ...template, seriesQuery: '{region="x",zone!=""}' };
    let reads = 0;
    const counted = {
      ...ofRegion,
      resources: {
        ...ofRegion.resources,
        describedBy: (...[labels, mapper]: Parameters<typeof template.resources.describedBy>) => {
          const all = [...labels];
          if (all.includes('region')) reads += 1;
          return ofRegion.resources.describedBy(all, mapper);
        },
      },
    };
    const names = [...'abcdefghij'].map((name) => [name, ['region', 'zone']] as const);
    const find = () => discovered([counted], Object.fromEntries(names));
    await find();
    // Ten names share one set.
    expect(reads).toBe(1);
    expect(await turnsDuring('still', find)).toBe(0);
    // One series query; ten names get their labels, and are then searched.
    expect(await turnsDuring('fast', find)).toBe(1 + 10 + 10 - 1);
  });

  it('are reported if a template reads none of them', async () => {
    // `job` would map to a resource of the group batch.
    const ofRegion = { ...template, seriesQuery: '{region="x"}' };
    const { outcomes } = await discovered([ofRegion], { a: ['region', 'instance'], b: ['region'] });
    expect(outcomes).toMatchObject([{ labels: ['region', 'instance'] }]);
  });
});

describe('several servers', () => {
  const source = (series: string): SeriesSource => ({
    seriesLabelNames: async () => new Map([[series, new Set(['pod'])]]),
    labelNames: async () => [],
    labelValues: async () => [series],
  });
  const down = new PrometheusError('unreachable', 'down');
  const failing: SeriesSource = {
    seriesLabelNames: () => Promise.reject(down),
    labelNames: () => Promise.reject(down),
    labelValues: () => Promise.reject(down),
  };
  const onServer = (prometheus: string | undefined) => ({ ...rule, prometheus });

  it('get the series queries of their own rules, with a strategy each', async () => {
    const servers = prometheusServers(
      source('a'),
      new Map([
        ['other', source('b')],
        ['broken', failing],
      ]),
    );
    const custom = [
      onServer('other'),
      onServer('broken'),
      onServer(undefined),
      onServer('missing'),
    ];
    const { outcomes, strategies } = await discover(
      { custom, external: [] },
      builtinResourceMapper(),
      servers,
      { mode: 'series', start: 0, concurrency: 1, signal: new AbortController().signal },
    );
    expect(outcomes).toMatchObject([
      { prometheus: 'other', found: new Map([['b', new Set(['pod'])]]) },
      { prometheus: 'broken', error: down },
      { prometheus: undefined, found: new Map([['a', new Set(['pod'])]]) },
      { prometheus: 'missing', error: { kind: 'unreachable' } },
    ]);
    expect(strategies.map(({ prometheus }) => prometheus)).toEqual(['other', 'broken', undefined]);
  });
});
