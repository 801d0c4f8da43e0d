import { expect, it } from 'vitest';
import { createRecentAnswers } from './query-sharing-answers.ts';

function answers(bounds: { readonly mostKept?: number; readonly mostBytes?: number }) {
  const clock = { now: 0 };
  const recent = createRecentAnswers<string>({
    maxAge: 100,
    mostKept: bounds.mostKept ?? 10,
    mostBytes: bounds.mostBytes ?? 1000,
    bytesOf: (answer) => answer.length,
    now: () => clock.now,
  });
  const add = (key: string, answer: string) => recent.get(key, async () => answer, undefined);
  const kept = (...keys: string[]) => keys.filter((key) => recent.has(key));
  return { clock, recent, add, kept };
}

it('keeps so many answers, the youngest', async () => {
  const { add, kept } = answers({ mostKept: 2 });
  for (const key of ['a', 'b', 'c']) await add(key, '');
  expect(kept('a', 'b', 'c')).toEqual(['b', 'c']);
});

it('keeps so many bytes, keys included', async () => {
  const { add, kept } = answers({ mostBytes: 20 });
  await add('a', 'x'.repeat(8));
  await add('b', 'x'.repeat(8));
  expect(kept('a', 'b')).toEqual(['a', 'b']);
  await add('c', 'x');
  expect(kept('a', 'b', 'c')).toEqual(['b', 'c']);
  await add('d', 'x'.repeat(30));
  expect(kept('a', 'b', 'c', 'd')).toEqual([]);
});

it('gives back the room of those that have grown old', async () => {
  const { add, clock, kept } = answers({ mostBytes: 20 });
  await add('a', 'x'.repeat(8));
  await add('b', 'x'.repeat(8));
  clock.now = 100;
  expect(kept('a', 'b')).toEqual([]);
  await add('a', 'y'.repeat(8));
  await add('c', 'x'.repeat(8));
  expect(kept('a', 'b', 'c')).toEqual(['a', 'c']);
  expect(await add('a', 'other')).toBe('yyyyyyyy');
});
