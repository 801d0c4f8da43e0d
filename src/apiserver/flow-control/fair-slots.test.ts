import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairPlaces, type FairPlaces } from './fair-slots.ts';

/** Takes as many places as a flow gets. */
function takeAll(places: FairPlaces, flow: string): (() => void)[] {
  const taken: (() => void)[] = [];
  for (;;) {
    const place = places.take(flow);
    if (typeof place === 'string') return taken;
    taken.push(place);
  }
}

describe('createFairPlaces', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [9, 6],
    [30, 20],
    [280, 186],
  ])('of %i gives one flow %i', (most, expected) => {
    const places = createFairPlaces(most);
    expect(takeAll(places, 'a')).toHaveLength(expected);
    expect(places.take('a')).toBe(most === 1 ? 'full' : 'flow_limit');
  });

  it('reserves the last slot for a flow that has none', () => {
    const places = createFairPlaces(5);
    for (const flow of ['a', 'b', 'c', 'd']) expect(places.take(flow)).toBeTypeOf('function');
    expect(places.take('a')).toBe('flow_limit');
    expect(places.take('e')).toBeTypeOf('function');
    expect(places.take('f')).toBe('full');
    expect(places.taken).toBe(5);
  });

  it('gives a flow more slots when another releases some, each slot once', () => {
    const places = createFairPlaces(3);
    const [first] = takeAll(places, 'a');
    expect(takeAll(places, 'b')).toHaveLength(1);
    first?.();
    first?.();
    expect(places.taken).toBe(2);
    expect(places.take('c')).toBeTypeOf('function');
    expect(places.take('c')).toBe('full');
  });

  it('has no limit with an infinite number', () => {
    const places = createFairPlaces(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 10_000; i += 1) expect(places.take('a')).toBeTypeOf('function');
  });

  it('always has a slot for a new flow unless all are in use, and counts correctly', () => {
    const step = fc.record({ flow: fc.nat(6), isTake: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step), (most, steps) => {
        const places = createFairPlaces(most);
        const held: { flow: string; giveBack: () => void }[] = [];
        for (const { flow: number, isTake } of steps) {
          const flow = String(number);
          if (!isTake) {
            held.shift()?.giveBack();
            continue;
          }
          const own = held.filter((each) => each.flow === flow).length;
          const place = places.take(flow);
          if (typeof place === 'function') held.push({ flow, giveBack: place });
          else if (own === 0) expect(held).toHaveLength(most);
          expect(places.taken).toBe(held.length);
          expect(held.length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
