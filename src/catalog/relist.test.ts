import { afterEach, describe, expect, it, vi } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../kubernetes/builtin-resources.ts';
import type { RuleLists } from './build-catalog.ts';
import type { SeriesSource } from './discover.ts';
import { type RelistLoop, type RelistRound, startRelistLoop } from './relist.ts';

class Refused extends Error {}

const overrides = { namespace: 'namespace', pod: 'pod' };
const mapper = builtinResourceMapper();

function rule(seriesQuery: string, as = '') {
  return compiledRule({ seriesQuery, as, overrides });
}

/** A source that finds one series per query, or fails as told. Only faults need such a stand-in. */
function faultySource() {
  const asked: string[] = [];
  const failures = new Map<string, Error>();
  let underWay = 0;
  let mostUnderWay = 0;
  const source: SeriesSource = {
    async seriesLabelNames(match) {
      asked.push(match);
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      await Promise.resolve();
      underWay -= 1;
      const failure = failures.get(match);
      if (failure !== undefined) throw failure;
      return new Map([[match, new Set(['namespace', 'pod'])]]);
    },
  };
  return { source, asked, failures, mostUnderWay: () => mostUnderWay };
}

const loops: RelistLoop[] = [];

function start(source: SeriesSource, rules: () => RuleLists, interval = 60_000) {
  const rounds: RelistRound[] = [];
  const faults: unknown[] = [];
  const loop = startRelistLoop(
    {
      source,
      rules,
      mapper: () => mapper,
      now: Date.now,
      isRefusal: (error) => error instanceof Refused,
      onRelist: (round) => rounds.push(round),
      onFault: (fault) => faults.push(fault),
    },
    { interval, maxAge: 60_000, concurrency: 2 },
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
    start(source, () => ({ custom: [rule('a')], external: [] }), 60_000);
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
    const { loop, faults } = start(source, rules, 60_000);
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
    const fragile = rule('a');
    let broken = false;
    const custom = [
      {
        ...fragile,
        matches: (series: string) => {
          if (broken) throw new Error('out of luck');
          return fragile.matches(series);
        },
      },
    ];
    const { loop, faults } = start(source, () => ({ custom, external: [] }));
    await loop.relist();
    broken = true;
    loop.rebuild();
    expect(faults).toHaveLength(1);
    expect(names(loop)).toEqual(['a']);
  });
});
