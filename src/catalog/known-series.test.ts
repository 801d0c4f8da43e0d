import { describe, expect, it } from 'vitest';
import { createTimeSlices } from '../scheduling/time-slices.ts';
import { knownSeries, labelSetsOf } from './known-series.ts';
import type { DiscoveredSeries } from './series-source.ts';

const slices = createTimeSlices();

function found(series: Readonly<Record<string, readonly string[]>>): DiscoveredSeries {
  return new Map(Object.entries(series).map(([name, labels]) => [name, new Set(labels)]));
}

describe('knownSeries', () => {
  it('is in order, with one set for labels that are alike', async () => {
    const sets = await labelSetsOf([], slices);
    const { names, labels } = await knownSeries(
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
    const first = await knownSeries(
      found({ a: ['x'], b: ['y'] }),
      ['job'],
      undefined,
      await labelSetsOf([], slices),
      slices,
    );
    const next = async (
      series: Readonly<Record<string, readonly string[]>>,
      otherLabels: readonly string[] = ['job'],
    ) => knownSeries(found(series), otherLabels, first, await labelSetsOf([first], slices), slices);
    expect(await next({ b: ['y'], a: ['x'] })).toBe(first);
    for (const other of [{ a: ['x'] }, { a: ['x'], b: ['x'] }, { a: ['x'], c: ['y'] }, {}]) {
      expect(await next(other)).not.toBe(first);
    }
    expect(await next({ a: ['x'], b: ['y'] }, ['job', 'instance'])).not.toBe(first);
    const changed = await next({ a: ['x'], b: ['x'] });
    expect(changed.labels[0]).toBe(first.labels[0]);
  });
});
