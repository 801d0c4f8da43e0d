import { afterEach, describe, expect, it, vi } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../kubernetes/discovery/resource-mapper.ts';
import { PrometheusError } from '../prometheus/errors.ts';
import { prometheusServers } from '../prometheus/servers.ts';
import type { DiscoveryMode } from './discovery-strategy.ts';
import { type RelistLoop, type RelistRound, startRelistLoop } from './relist.ts';
import type { RuleLists } from './required-labels.ts';
import type { SeriesSource } from './series-source.ts';

class Refused extends PrometheusError {
  constructor() {
    super('bad_query', 'refused');
  }
}
class Unsupported extends PrometheusError {
  constructor(message = 'HTTP 404') {
    super('bad_answer', message, { status: 404 });
  }
}

const overrides = { namespace: 'namespace', pod: 'pod' };
const mapper = builtinResourceMapper();

function rule(seriesQuery: string, as = '') {
  return compiledRule({ seriesQuery, as, overrides });
}

/** The selector of the probe for the strategy. */
const isProbe = (match: string) => match.includes('probe');

/**
 * A source that finds one series per query, or fails with the error for the text of the request. A stand-in,
 * since a real server cannot be made to fail like this.
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
    now = Date.now,
  }: {
    interval?: number;
    discovery?: DiscoveryMode;
    mapperNow?: () => ResourceMapper;
    now?: () => number;
  } = {},
) {
  const rounds: RelistRound[] = [];
  const faults: unknown[] = [];
  const loop = startRelistLoop(
    {
      servers: prometheusServers({ ...source, evaluatesQueries: async () => true }),
      rules,
      mapper: mapperNow,
      now,
      onRelist: (round) => rounds.push(round),
      onFault: (fault) => faults.push(fault),
    },
    { intervalMs: interval, maxAgeMs: 60_000, concurrency: 2, discovery },
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
  it('sends each distinct series query once, with limited concurrency', async () => {
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

  it('keeps the last series of a failed query only', async () => {
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

  it('is ready after a response, even if it rejects the query', async () => {
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

  it('is ready if Prometheus rejects all series queries but answers another query', async () => {
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

  it('uses new rules when their series are discovered', async () => {
    const { source } = faultySource();
    let custom = [rule('a')];
    const { loop } = start(source, () => ({ custom, external: [] }));
    await loop.relist();
    custom = [rule('a', 'renamed')];
    expect(names(loop)).toEqual(['a']);
    await loop.relist();
    expect(names(loop)).toEqual(['renamed']);
  });

  it('runs one relist at a time, and one more for all calls during it', async () => {
    const { source, asked } = faultySource();
    const { loop } = start(source, () => ({ custom: [rule('a')], external: [] }));
    await Promise.all([loop.relist(), loop.relist(), loop.relist()]);
    expect(asked).toHaveLength(2);
  });

  it('relists at the interval, and soon after a failure', async () => {
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

  it('keeps its catalog after an unexpected error, and retries soon', async () => {
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

  it('keeps its catalog if a new one cannot be built', async () => {
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

  it('keeps the same catalog until something changes', async () => {
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

  it('uses the latest resources after many concurrent changes', async () => {
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

describe('a relist', () => {
  const rules = (...seriesQueries: readonly string[]) => {
    const custom = seriesQueries.map((seriesQuery) => rule(seriesQuery));
    return () => ({ custom, external: [] });
  };

  it('requests the series of the maximum age, and reports its duration', async () => {
    let now = 600_000;
    const starts: number[] = [];
    const source: SeriesSource = {
      ...faultySource().source,
      async seriesLabelNames(_match, { start }) {
        starts.push(start);
        now += 1_500;
        return new Map();
      },
    };
    const { loop, rounds } = start(source, rules('a'), { now: () => now });
    await loop.relist();
    expect(starts).toEqual([540, 541.5]);
    expect(rounds.map(({ durationSeconds }) => durationSeconds)).toEqual([1.5, 1.5]);
  });

  it('reports the failure of each rule while its query fails', async () => {
    const { source, failures } = faultySource();
    const { loop } = start(source, rules('a', 'b'));
    const reasons = () => loop.ruleOutcomes().map(({ failure }) => failure);
    expect(reasons()).toEqual([]);
    await loop.relist();
    expect(reasons()).toEqual([undefined, undefined]);
    const down = new Error('down');
    failures.set('b', down);
    await loop.relist();
    expect(reasons()).toEqual([undefined, down]);
    failures.clear();
    await loop.relist();
    expect(reasons()).toEqual([undefined, undefined]);
  });

  it('reports no labels except those of the series', async () => {
    const source: SeriesSource = {
      ...faultySource().source,
      seriesLabelNames: async () => new Map([['a', new Set(['job'])]]),
    };
    const { loop } = start(source, rules('a'));
    await loop.relist();
    expect(loop.ruleOutcomes()).toMatchObject([{ labels: ['job'] }]);
  });

  it('is followed by another one soon if a query failed, unless the query was rejected', async () => {
    vi.useFakeTimers();
    const { source, asked, failures } = faultySource();
    failures.set('b', new Error('down'));
    start(source, rules('a', 'b'));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(asked).toHaveLength(2);
    failures.set('b', new Refused());
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(asked).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(6);
  });

  it('that fails doubles the delay of the next one, up to the interval', async () => {
    vi.useFakeTimers();
    const { source, asked, failures } = faultySource();
    failures.set('a', new Error('down'));
    start(source, rules('a'));
    await vi.advanceTimersByTimeAsync(0);
    const seconds: number[] = [];
    for (let second = 1; second <= 200; second += 1) {
      asked.length = 0;
      await vi.advanceTimersByTimeAsync(1_000);
      if (asked.length > 0) seconds.push(second);
    }
    expect(seconds).toEqual([5, 15, 35, 75, 135, 195]);
  });

  it('can be repeated only after failures', async () => {
    const { source, asked, failures } = faultySource();
    const { loop } = start(source, rules('a'));
    await loop.relist();
    asked.length = 0;
    await loop.retryFailed();
    expect(asked).toEqual([]);
    failures.set('a', new Error('down'));
    await loop.relist();
    failures.clear();
    await loop.retryFailed();
    expect(asked).toEqual(['a', 'a']);
    await loop.retryFailed();
    expect(asked).toEqual(['a', 'a']);
  });

  it('in which one of several queries succeeds makes the adapter ready', async () => {
    for (const answer of [undefined, new Refused()]) {
      const { source, failures } = faultySource();
      failures.set('a', new Error('down'));
      if (answer !== undefined) failures.set('b', answer);
      const { loop } = start(source, rules('a', 'b'));
      await loop.relist();
      expect(loop.hasListed()).toBe(true);
    }
  });
});

describe('a loop that is stopped', () => {
  it('starts no further relists', async () => {
    vi.useFakeTimers();
    const { source, asked } = faultySource();
    const { loop } = start(source, () => ({ custom: [rule('a')], external: [] }));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toHaveLength(1);
    loop.stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(1);
  });

  it('aborts the requests of a relist, and ignores their failures', async () => {
    vi.useFakeTimers();
    const source: SeriesSource = {
      ...faultySource().source,
      seriesLabelNames: (_match, _range, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.throwIfAborted();
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    };
    const { loop, rounds, faults } = start(source, () => ({
      custom: [rule('a')],
      external: [],
    }));
    const round = loop.relist();
    await vi.advanceTimersByTimeAsync(0);
    loop.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    await round;
    expect({ rounds, faults, timers: vi.getTimerCount() }).toEqual({
      rounds: [],
      faults: [],
      timers: 0,
    });
    expect(loop.hasListed()).toBe(false);
  });
});

describe('a rebuilt catalog', () => {
  const custom = [rule('a')];
  const rules = () => ({ custom, external: [] });

  it('is empty before the end of the first relist, which does not fail', async () => {
    const { loop, rounds, faults } = start(faultySource().source, rules);
    await loop.rebuild();
    expect({ rounds, faults }).toEqual({ rounds: [], faults: [] });
    expect(loop.catalog()).toMatchObject({ customMetrics: [], externalMetrics: [] });
  });

  it('uses the latest resources after any number of concurrent changes', async () => {
    const { source } = faultySource();
    const without = (name: string) =>
      createResourceMapper(mapper.resources.filter(({ resource }) => resource !== name));
    let mapperNow = mapper;
    const { loop, rounds } = start(source, rules, { mapperNow: () => mapperNow });
    await loop.relist();
    const before = rounds.length;
    mapperNow = without('namespaces');
    const rebuilt = loop.rebuild();
    mapperNow = without('pods');
    await Promise.all([rebuilt, loop.rebuild()]);
    expect(loop.catalog().customMetrics.map(({ resource }) => resource.resource)).toEqual([
      'namespaces',
    ]);
    expect(rounds).toHaveLength(before);
  });

  it.each([
    ['series', undefined, 0],
    ['labels', undefined, 1],
    ['auto', undefined, 1],
    // A server without label endpoints.
    ['auto', new Unsupported('HTTP 404'), 0],
  ] as const)(
    'starts a relist if labels may be missing: %s, %s',
    async (discovery, refusal, started) => {
      const { source, failures } = faultySource();
      if (refusal !== undefined) failures.set('probe', refusal);
      const { loop, rounds } = start(source, rules, { discovery });
      await expect.poll(() => rounds).toHaveLength(1);
      await loop.rebuild();
      // One more relist, after the one that was started.
      await loop.relist();
      expect(rounds).toHaveLength(1 + started + 1);
    },
  );

  it.each([
    ['series', 0],
    ['labels', 1],
  ] as const)(
    'starts another relist during the first one if that may lack labels: %s',
    async (discovery, started) => {
      const { loop, rounds } = start(faultySource().source, rules, { discovery });
      await loop.rebuild();
      await expect.poll(() => rounds.length).toBeGreaterThan(0);
      await loop.relist();
      expect(rounds).toHaveLength(1 + started + 1);
    },
  );
});

describe('the relist loop, by labels', () => {
  it('chooses the strategy with a probe, then requests labels', async () => {
    const { source, asked } = faultySource();
    const { loop, rounds } = start(source, () => ({ custom: [rule('a')], external: [] }), {
      discovery: 'auto',
    });
    await loop.relist();
    expect(asked.slice(0, 3)).toEqual(['probe', 'probe', 'labels of a']);
    expect(rounds.at(-1)).toMatchObject({
      strategies: [{ strategy: 'labels' }],
      outcomes: [{ strategy: 'labels' }],
    });
    expect(names(loop)).toEqual(['a']);
  });

  it('limits concurrent requests for any number of labels', async () => {
    const { source, asked, mostUnderWay } = faultySource();
    const custom = ['b', 'c', 'd'].map((name) => rule(`{x="${name}"}`));
    const { loop } = start(source, () => ({ custom, external: [] }), { discovery: 'labels' });
    await loop.relist();
    // With one name each, the labels are sufficient.
    expect(asked.filter((request) => request.startsWith('labels of'))).toHaveLength(6);
    expect(mostUnderWay()).toBe(2);
  });

  it('keeps the last series of a query if one of its requests fails', async () => {
    const { source, failures } = faultySource();
    const custom = [rule('a'), rule('b')];
    const { loop, rounds } = start(source, () => ({ custom, external: [] }), { discovery: 'auto' });
    await loop.relist();
    failures.set('labels of b', new Error('down'));
    await loop.relist();
    expect(names(loop)).toEqual(['a', 'b']);
    expect(rounds.at(-1)?.outcomes).toMatchObject([
      { strategy: 'labels' },
      { error: new Error('down') },
    ]);
  });

  it('lists the series if the server rejects the labels of a query', async () => {
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
      { strategy: 'labels' },
      { strategy: 'series', fallback: 'no such endpoint' },
    ]);
    expect(names(loop)).toEqual(['a', 'b']);
  });

  it('lists the series if the server does not support the probe', async () => {
    const { source, failures } = faultySource();
    failures.set('probe', new Unsupported('HTTP 404'));
    const { loop, rounds } = start(source, () => ({ custom: [rule('a')], external: [] }), {
      discovery: 'auto',
    });
    await loop.relist();
    expect(rounds.at(-1)?.strategies).toMatchObject([{ strategy: 'series' }]);
    expect(names(loop)).toEqual(['a']);
  });

  it('chooses no strategy if the probe fails', async () => {
    const { source, asked, failures } = faultySource();
    failures.set('probe', new Error('unreachable'));
    const { loop, rounds } = start(source, () => ({ custom: [rule('a')], external: [] }), {
      discovery: 'auto',
    });
    await loop.relist();
    expect(new Set(asked)).toEqual(new Set(['probe']));
    expect(rounds.at(-1)).toMatchObject({
      strategies: [],
      outcomes: [{ seriesQuery: 'a', error: new Error('unreachable') }],
    });
    expect(loop.hasListed()).toBe(false);
  });

  it('relists after a change of the resources, for labels that map to them now', async () => {
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
