import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairSlots, type FairSlots } from './fair-slots.ts';

/** Takes as many slots as a flow gets. */
function takeAll(slots: FairSlots, flow: string): (() => void)[] {
  const taken: (() => void)[] = [];
  for (;;) {
    const slot = slots.take(flow);
    if (typeof slot === 'string') return taken;
    taken.push(slot);
  }
}

describe('createFairSlots', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [9, 6],
    [30, 20],
    [280, 186],
  ])('of %i gives one flow %i', (most, expected) => {
    const slots = createFairSlots(most);
    expect(takeAll(slots, 'a')).toHaveLength(expected);
    expect(slots.take('a')).toBe(most === 1 ? 'full' : 'flow_limit');
  });

  it('reserves the last slot for a flow that has none', () => {
    const slots = createFairSlots(5);
    for (const flow of ['a', 'b', 'c', 'd']) expect(slots.take(flow)).toBeTypeOf('function');
    expect(slots.take('a')).toBe('flow_limit');
    expect(slots.take('e')).toBeTypeOf('function');
    expect(slots.take('f')).toBe('full');
    expect(slots.taken).toBe(5);
  });

  it('gives a flow more slots when another releases some, each slot once', () => {
    const slots = createFairSlots(3);
    const [first] = takeAll(slots, 'a');
    expect(takeAll(slots, 'b')).toHaveLength(1);
    first?.();
    first?.();
    expect(slots.taken).toBe(2);
    expect(slots.take('c')).toBeTypeOf('function');
    expect(slots.take('c')).toBe('full');
  });

  it('has no limit with an infinite number', () => {
    const slots = createFairSlots(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 10_000; i += 1) expect(slots.take('a')).toBeTypeOf('function');
  });

  it('always has a slot for a new flow unless all are in use, and counts correctly', () => {
    const step = fc.record({ flow: fc.nat(6), isTake: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step), (most, steps) => {
        const slots = createFairSlots(most);
        const held: { flow: string; giveBack: () => void }[] = [];
        for (const { flow: number, isTake } of steps) {
          const flow = String(number);
          if (!isTake) {
            held.shift()?.giveBack();
            continue;
          }
          const own = held.filter((each) => each.flow === flow).length;
          const slot = slots.take(flow);
          if (typeof slot === 'function') held.push({ flow, giveBack: slot });
          else if (own === 0) expect(held).toHaveLength(most);
          expect(slots.taken).toBe(held.length);
          expect(held.length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
