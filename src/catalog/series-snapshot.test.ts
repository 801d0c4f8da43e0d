import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { labelSetsOf, takeSnapshot } from './series-snapshot.ts';
import type { DiscoveredSeries } from './series-source.ts';

const slices = createTimeSlices();

function found(series: Readonly<Record<string, readonly string[]>>): DiscoveredSeries {
  return new Map(Object.entries(series).map(([name, labels]) => [name, new Set(labels)]));
}

describe('takeSnapshot', () => {
  it('is sorted, with one set for equal labels', async () => {
    const sets = await labelSetsOf([], slices);
    const { names, labels } = await takeSnapshot(
      found({ b: ['x', 'y'], a: ['y', 'x'], c: ['xy'], d: [] }),
      [],
      undefined,
      sets,
      slices,
    );
    expect(names).toEqual(['a', 'b', 'c', 'd']);
    expect(labels).toEqual([['x', 'y'], ['x', 'y'], ['xy'], []].map((each) => new Set(each)));
    expect(labels[0]).toBe(labels[1]);
  });

  it('stays the same object until names or labels change', async () => {
    const first = await takeSnapshot(
      found({ a: ['x'], b: ['y'] }),
      ['job'],
      undefined,
      await labelSetsOf([], slices),
      slices,
    );
    const next = async (
      series: Readonly<Record<string, readonly string[]>>,
      otherLabels: readonly string[] = ['job'],
    ) =>
      takeSnapshot(found(series), otherLabels, first, await labelSetsOf([first], slices), slices);
    expect(await next({ b: ['y'], a: ['x'] })).toBe(first);
    for (const other of [{ a: ['x'] }, { a: ['x'], b: ['x'] }, { a: ['x'], c: ['y'] }, {}]) {
      expect(await next(other)).not.toBe(first);
    }
    expect(await next({ a: ['x'], b: ['y'] }, ['job', 'instance'])).not.toBe(first);
    const changed = await next({ a: ['x'], b: ['x'] });
    expect(changed.labels[0]).toBe(first.labels[0]);
  });

  it('pauses after names and sets when its slice is over, and only then', async () => {
    const series = found(Object.fromEntries([...'abcdefghij'].map((name) => [name, ['x']])));
    const known = async () =>
      takeSnapshot(series, [], undefined, await labelSetsOf([], slices), slices);
    expect(await turnsDuring('still', known)).toBe(0);
    expect(await turnsDuring('fast', known)).toBe(9);
    const inUse = [await known()];
    expect(await turnsDuring('still', () => labelSetsOf(inUse, slices))).toBe(0);
    expect(await turnsDuring('fast', () => labelSetsOf(inUse, slices))).toBe(9);
  });

  it('is a new object if there was no snapshot before, even without series', async () => {
    const known = await takeSnapshot(
      new Map(),
      [],
      undefined,
      await labelSetsOf([], slices),
      slices,
    );
    expect(known).toEqual({ names: [], labels: [], otherLabels: [] });
  });
});

it('reads each set of labels once for any number of series', async () => {
  let reads = 0;
  class CountedSet extends Set<string> {
    override [Symbol.iterator]() {
      reads += 1;
      return super[Symbol.iterator]();
    }
  }
  const sets = await labelSetsOf([], slices);
  const set = new CountedSet(['x']);
  reads = 0;
  for (let time = 0; time < 5; time += 1) expect(sets.shared(set)).toBe(set);
  expect(reads).toBe(1);
});
