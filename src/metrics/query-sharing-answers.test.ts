import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRecentAnswers } from './query-sharing-answers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function answers(bounds: { readonly mostKept?: number; readonly mostBytes?: number }) {
  const clock = { now: 0 };
  const last = { count: 0, bytes: 0 };
  const recent = createRecentAnswers<string>({
    maxAge: 100,
    mostKept: bounds.mostKept ?? 10,
    mostBytes: bounds.mostBytes ?? 1000,
    bytesOf: (answer) => answer.length,
    onKept: (count, bytes) => Object.assign(last, { count, bytes }),
    now: () => clock.now,
  });
  const add = (key: string, answer: string) => recent.get(key, async () => answer, undefined);
  const kept = (...keys: string[]) => keys.filter((key) => recent.find(key) === 'kept');
  return { clock, last, recent, add, kept };
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
});

it('lets an answer that is too large drive nothing out', async () => {
  const { add, kept, last } = answers({ mostBytes: 20 });
  await add('a', 'x'.repeat(8));
  await add('b', 'x'.repeat(30));
  expect(kept('a', 'b')).toEqual(['a']);
  expect(last).toEqual({ count: 1, bytes: 10 });
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

it('lets go of answers that have grown old, though none comes after them', async () => {
  const { add, clock, last } = answers({});
  await add('a', 'x'.repeat(8));
  clock.now = 60;
  await add('b', 'x'.repeat(8));
  expect(last).toEqual({ count: 2, bytes: 20 });
  clock.now = 100;
  vi.advanceTimersByTime(100);
  expect(last).toEqual({ count: 1, bytes: 10 });
  clock.now = 200;
  vi.advanceTimersByTime(100);
  expect(last).toEqual({ count: 0, bytes: 0 });
  expect(vi.getTimerCount()).toBe(0);
});

it('keeps nothing that was too old when it came', async () => {
  const { add, clock, last, recent } = answers({});
  const slow = recent.get(
    'a',
    async () => {
      clock.now = 100;
      return 'late';
    },
    undefined,
  );
  expect(recent.find('a')).toBe('running');
  expect(await slow).toBe('late');
  expect(recent.find('a')).toBeUndefined();
  expect(last).toEqual({ count: 0, bytes: 0 });
  expect(await add('a', 'new')).toBe('new');
});

it('aborts the signal of what has failed, so that nothing stays in use', async () => {
  const { recent } = answers({});
  let used: AbortSignal | undefined;
  const failing = recent.get(
    'a',
    async (signal) => {
      used = signal;
      throw new Error('no answer to this question');
    },
    new AbortController().signal,
  );
  await expect(failing).rejects.toThrow('no answer to this question');
  expect(used?.aborted).toBe(true);
});
