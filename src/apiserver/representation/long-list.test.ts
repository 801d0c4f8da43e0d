import { expect, it } from 'vitest';
import { LongList, listItems, longListOf } from './long-list.ts';

const items = (count: number, length: number) =>
  listItems(
    Array.from({ length: count }, (_, index) => index),
    (index) => ({ index, text: 'x'.repeat(length) }),
  );

it.each([
  [0, 0, true],
  [500, 10, true],
  [501, 10, false],
  // 64 KiB of text.
  [100, 600, true],
  [100, 700, false],
  [16, 10_000, true],
  [17, 10_000, false],
])('%i items of %i characters', (count, length, isArray) => {
  expect(Array.isArray(items(count, length))).toBe(isArray);
  expect([...items(count, length)]).toHaveLength(count);
});

it('counts the memory of values in the heap', () => {
  const list = items(1_000, 1);
  expect(longListOf({ kind: 'List', items: list })).toBe(list);
  expect(longListOf({ kind: 'List', items: [] })).toBeUndefined();
  expect(list instanceof LongList && list.heldBytes).toBe(512_000);
  expect(new LongList(new Set([1, 2]), () => ({})).heldBytes).toBe(0);
});
