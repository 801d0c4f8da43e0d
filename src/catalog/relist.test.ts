import { afterEach, describe, expect, it, vi } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { builtinResourceMapper } from '../kubernetes/builtin-resources.ts';
import { createResourceMapper } from '../kubernetes/resource-mapper.ts';
import type { DiscoveryMode } from './discovery-way.ts';
import type { RuleLists } from './label-needs.ts';
import { type RelistLoop, type RelistRound, startRelistLoop } from './relist.ts';
import type { SeriesSource } from './series-source.ts';

class Refused extends Error {}
class Unsupported extends Error {}

const overrides = { namespace: 'namespace', pod: 'pod' };
const mapper = builtinResourceMapper();

function rule(seriesQuery: string, as = '') {
  return compiledRule({ seriesQuery, as, overrides });
}

/** A matcher that no rule here has: the probe of the way to ask. */
const isProbe = (match: string) => match.includes('probe');

/**
 * A source that finds one series per query, or fails as told, by the text of the request. Only
 * faults need such a stand-in.
 */
function faultySource() {
  const asked: string[] = [];
  const failures = new Map<string, Error>();
  let underWay = 0;
  let mostUnderWay = 0;
  async function answer(request: string): Promise<void> {
    asked.push(request);
    underWay += 1;
    mostUnderWay = Math.max(mostUnderWay, underWay);
    await Promise.resolve();
    underWay -= 1;
    const failure = failures.get(request);
    if (failure !== undefined) throw failure;
  }
  const source: SeriesSource = {
    async seriesLabelNames(match) {
      await answer(match);
      return new Map([[match, new Set(['namespace', 'pod'])]]);
    },
    async labelNames([match = '']) {
      await answer(isProbe(match) ? 'probe' : `labels of ${match}`);
      return isProbe(match) ? [] : ['__name__', 'namespace', 'pod'];
    },
    async labelValues(_label, [match = '']) {
      await answer(isProbe(match) ? 'probe' : `names of ${match}`);
      return isProbe(match) ? [] : [match];
    },
  };
  return { source, asked, failures, mostUnderWay: () => mostUnderWay };
}

const loops: RelistLoop[] = [];

function start(
  source: SeriesSource,
  rules: () => RuleLists,
  {
    interval = 60_000,
    discovery = 'series',
    mapperNow = () => mapper,
  }: {
    interval?: number;
    discovery?: DiscoveryMode;
    mapperNow?: () => ResourceMapper;
  } = {},
) {
  const rounds: RelistRound[] = [];
  const faults: unknown[] = [];
  const loop = startRelistLoop(
    {
      source,
      rules,
      mapper: mapperNow,
      now: Date.now,
      isRefusal: (error) => error instanceof Refused,
      answersOtherwise: async (error) => error instanceof Unsupported,
      isUnsupported: (error) => error instanceof Unsupported,
      onRelist: (round) => rounds.push(round),
      onFault: (fault) => faults.push(fault),
    },
    { interval, maxAge: 60_000, concurrency: 2, discovery },
  );
  loops.push(loop);
  return { loop, rounds, faults };
}

function names({ catalog }: RelistLoop): readonly string[] {
  return catalog()
    .customMetrics.filter(({ resource }) => resource.resource === 'pods')
    .map(({ name }) => name);
}

afterEach(() => {
  for (const loop of loops.splice(0)) loop.stop();
  vi.useRealTimers();
});

describe('the relist loop', () => {
  it('asks once per distinct series query, a few at once', async () => {
    const { source, asked, mostUnderWay } = faultySource();
    const custom = [rule('a'), rule('b'), rule(' a ', 'x'), rule('c')];
    const external = [compiledRule({ seriesQuery: 'b', overrides }, 'external')];
    const { loop } = start(source, () => ({ custom, external }));
    await loop.relist();
    expect(asked.slice(0, 3)).toEqual(['a', 'b', 'c']);
    expect(asked).toHaveLength(6);
    expect(mostUnderWay()).toBe(2);
    expect(names(loop)).toEqual(['a', 'b', 'c', 'x']);
  });

  it('keeps what a failing query found last, and only that', async () => {
    const { source, failures } = faultySource();
    const custom = [rule('a'), rule('b')];
    const { loop, rounds } = start(source, () => ({ custom, external: [] }));
    await loop.relist();
    failures.set('b', new Error('down'));
    await loop.relist();
    expect(names(loop)).toEqual(['a', 'b']);
    expect(rounds.at(-1)?.outcomes.filter((outcome) => 'error' in outcome)).toMatchObject([
      { seriesQuery: 'b' },
    ]);
  });

  it('is ready once Prometheus could be asked, if only to hear a refusal', async () => {
    const { source, failures } = faultySource();
    failures.set('a', new Error('unreachable'));
    const { loop } = start(source, () => ({ custom: [rule('a')], external: [] }));
    await loop.relist();
    expect(loop.hasListed()).toBe(false);
    failures.set('a', new Refused());
    await loop.relist();
    expect(loop.hasListed()).toBe(true);
    expect(names(loop)).toEqual([]);
  });

  it('is ready when Prometheus refuses all series queries and answers otherwise', async () => {
    const { source, failures } = faultySource();
    failures.set('a', new Unsupported());
    failures.set('b', new Unsupported());
    const { loop } = start(source, () => ({ custom: [rule('a'), rule('b')], external: [] }));
    await loop.relist();
    expect(loop.hasListed()).toBe(true);
  });

  it('is ready without rules', async () => {
    const { loop } = start(faultySource().source, () => ({ custom: [], external: [] }));
    await loop.relist();
    expect(loop.hasListed()).toBe(true);
  });

  it('swaps to new rules only when their series are known', async () => {
    const { source } = faultySource();
    let custom = [rule('a')];
    const { loop } = start(source, () => ({ custom, external: [] }));
    await loop.relist();
    custom = [rule('a', 'renamed')];
    expect(names(loop)).toEqual(['a']);
    await loop.relist();
    expect(names(loop)).toEqual(['renamed']);
  });

  it('runs one round at a time, and one more for all who ask meanwhile', async () => {
    const { source, asked } = faultySource();
    const { loop } = start(source, () => ({ custom: [rule('a')], external: [] }));
    await Promise.all([loop.relist(), loop.relist(), loop.relist()]);
    expect(asked).toHaveLength(2);
  });

  it('asks again at the interval, and soon after a failure', async () => {
    vi.useFakeTimers();
    const { source, asked, failures } = faultySource();
    failures.set('a', new Error('down'));
    start(source, () => ({ custom: [rule('a')], external: [] }));
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toHaveLength(2);
    failures.clear();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(asked).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toHaveLength(4);
  });

  it('survives a fault of its own, keeps its catalog, and tries again soon', async () => {
    vi.useFakeTimers();
    const { source, asked } = faultySource();
    let broken = false;
    const rules = () => {
      if (broken) throw new Error('out of luck');
      return { custom: [rule('a')], external: [] };
    };
    const { loop, faults } = start(source, rules);
    await loop.relist();
    expect(asked).toHaveLength(2);
    broken = true;
    await Promise.all([loop.relist(), loop.relist()]);
    expect(faults).toHaveLength(2);
    expect(names(loop)).toEqual(['a']);
    broken = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(3);
  });

  it('keeps its catalog when that cannot be made anew', async () => {
    const { source } = faultySource();
    const custom = [rule('a')];
    const fragile = createResourceMapper(mapper.resources);
    let current: ResourceMapper = fragile;
    const { loop, faults } = start(source, () => ({ custom, external: [] }), {
      mapperNow: () => current,
    });
    await loop.relist();
    current = {
      resources: [],
      find: () => {
        throw new Error('out of luck');
      },
    };
    await loop.rebuild();
    expect(faults).toHaveLength(1);
    expect(names(loop)).toEqual(['a']);
  });

  it('has the same catalog for as long as nothing has changed', async () => {
    const { source } = faultySource();
    const custom = [rule('a')];
    let mapperNow = mapper;
    const { loop } = start(source, () => ({ custom: [...custom], external: [] }), {
      mapperNow: () => mapperNow,
    });
    await loop.relist();
    const before = loop.catalog();
    await loop.relist();
    await loop.rebuild();
    expect(loop.catalog()).toBe(before);
    mapperNow = createResourceMapper(mapper.resources);
    await loop.rebuild();
    expect(loop.catalog()).not.toBe(before);
    expect(loop.catalog().customMetrics).toEqual(before.customMetrics);
  });

  it('ends with the resources that came last, however many changes come at once', async () => {
    const { source } = faultySource();
    const custom = [rule('a')];
    const without = (name: string) =>
      createResourceMapper(mapper.resources.filter(({ resource }) => resource !== name));
    let mapperNow = mapper;
    const { loop, rounds } = start(source, () => ({ custom, external: [] }), {
      mapperNow: () => mapperNow,
    });
    mapperNow = without('namespaces');
    const rebuilt = loop.rebuild();
    mapperNow = without('pods');
    const again = loop.rebuild();
    const relisted = loop.relist();
    await Promise.all([rebuilt, again, relisted]);
    expect(loop.catalog().customMetrics.map(({ resource }) => resource.resource)).toEqual([
      'namespaces',
    ]);
    expect(rounds.at(-1)?.catalog).toBe(loop.catalog());
  });
});

describe('the relist loop, by labels', () => {
  it('asks how to ask, then for labels', async () => {
    const { source, asked } = faultySource();
    const { loop, rounds } = start(source, () => ({ custom: [rule('a')], external: [] }), {
      discovery: 'auto',
    });
    await loop.relist();
    expect(asked.slice(0, 3)).toEqual(['probe', 'probe', 'labels of a']);
    expect(rounds.at(-1)).toMatchObject({
      choice: { way: 'labels' },
      outcomes: [{ way: 'labels' }],
    });
    expect(names(loop)).toEqual(['a']);
  });

  it('keeps to the limit of requests, however many a query needs', async () => {
    const { source, asked, mostUnderWay } = faultySource();
    const custom = ['b', 'c', 'd'].map((name) => rule(`{x="${name}"}`));
    const { loop } = start(source, () => ({ custom, external: [] }), { discovery: 'labels' });
    await loop.relist();
    // One name each: what labels there are says it all.
    expect(asked.filter((request) => request.startsWith('labels of'))).toHaveLength(6);
    expect(mostUnderWay()).toBe(2);
  });

  it('keeps what a query found last when one of its requests fails', async () => {
    const { source, failures } = faultySource();
    const custom = [rule('a'), rule('b')];
    const { loop, rounds } = start(source, () => ({ custom, external: [] }), { discovery: 'auto' });
    await loop.relist();
    failures.set('labels of b', new Error('down'));
    await loop.relist();
    expect(names(loop)).toEqual(['a', 'b']);
    expect(rounds.at(-1)?.outcomes).toMatchObject([
      { way: 'labels' },
      { error: new Error('down') },
    ]);
  });

  it('asks for series where the server refuses the labels of a query', async () => {
    const { source, failures, asked } = faultySource();
    failures.set('labels of b', new Unsupported('no such endpoint'));
    const { loop, rounds } = start(
      source,
      () => ({ custom: [rule('a'), rule('b')], external: [] }),
      {
        discovery: 'auto',
      },
    );
    await loop.relist();
    expect(asked).toContain('b');
    expect(rounds.at(-1)?.outcomes).toMatchObject([
      { way: 'labels' },
      { way: 'series', detour: 'no such endpoint' },
    ]);
    expect(names(loop)).toEqual(['a', 'b']);
  });

  it('asks for series where the server does not know the question', async () => {
    const { source, failures } = faultySource();
    failures.set('probe', new Unsupported('HTTP 404'));
    const { loop, rounds } = start(source, () => ({ custom: [rule('a')], external: [] }), {
      discovery: 'auto',
    });
    await loop.relist();
    expect(rounds.at(-1)?.choice).toMatchObject({ way: 'series' });
    expect(names(loop)).toEqual(['a']);
  });

  it('decides nothing when it cannot ask how to ask', async () => {
    const { source, asked, failures } = faultySource();
    failures.set('probe', new Error('unreachable'));
    const { loop, rounds } = start(source, () => ({ custom: [rule('a')], external: [] }), {
      discovery: 'auto',
    });
    await loop.relist();
    expect(new Set(asked)).toEqual(new Set(['probe']));
    expect(rounds.at(-1)).toMatchObject({
      choice: undefined,
      outcomes: [{ seriesQuery: 'a', error: new Error('unreachable') }],
    });
    expect(loop.hasListed()).toBe(false);
  });

  it('asks again when the resources have changed, for labels that mean something now', async () => {
    const { source, asked } = faultySource();
    const custom = [rule('a')];
    const { loop, rounds } = start(source, () => ({ custom, external: [] }), {
      discovery: 'labels',
    });
    await loop.relist();
    const before = rounds.length;
    asked.length = 0;
    await loop.rebuild();
    await loop.retryFailed();
    await expect.poll(() => rounds).toHaveLength(before + 1);
    expect(asked).toEqual(['labels of a']);
  });
});
