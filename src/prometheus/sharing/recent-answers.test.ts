import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRecentAnswers } from './recent-answers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function answers(bounds: { readonly mostKept?: number; readonly mostBytes?: number }) {
  const clock = { now: 0 };
  const last = { count: 0, bytes: 0 };
  const changes: [count: number, bytes: number][] = [];
  const recent = createRecentAnswers<string>({
    maxAgeMs: 100,
    mostKept: bounds.mostKept ?? 10,
    mostBytes: bounds.mostBytes ?? 1000,
    bytesOf: (answer) => answer.length,
    onKept(count, bytes) {
      changes.push([count, bytes]);
      Object.assign(last, { count, bytes });
    },
    now: () => clock.now,
  });
  const add = (key: string, answer: string) => recent.get(key, async () => answer, undefined);
  const kept = (...keys: string[]) => keys.filter((key) => recent.find(key) === 'cached');
  return { clock, last, changes, recent, add, kept };
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
  expect(recent.find('a')).toBe('in_flight');
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

it('counts the bytes of a key twice, and keeps an answer as large as all the room', async () => {
  const { add, changes, kept } = answers({ mostBytes: 20 });
  await add('abcd', 'x'.repeat(12));
  expect(changes).toEqual([[1, 20]]);
  await add('abcde', 'x'.repeat(11));
  expect(kept('abcd', 'abcde')).toEqual(['abcd']);
  expect(changes).toEqual([[1, 20]]);
});

it('reports nothing if an answer was too old on arrival', async () => {
  const { changes, clock, recent } = answers({});
  await recent.get(
    'a',
    async () => {
      clock.now = 100;
      return 'late';
    },
    undefined,
  );
  expect(changes).toEqual([]);
});

it('has one timer, however many answers are kept', async () => {
  const { add, clock } = answers({});
  await add('a', 'x');
  clock.now = 1;
  await add('b', 'x');
  expect(vi.getTimerCount()).toBe(1);
  clock.now = 100;
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(1);
});

it('leaves the answer that has taken the place of one given up', async () => {
  const { recent } = answers({});
  const gone = new AbortController();
  const { promise, reject } = Promise.withResolvers<string>();
  const first = recent.get('a', () => promise, gone.signal);
  gone.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  expect(recent.find('a')).toBeUndefined();
  const other = Promise.withResolvers<string>();
  const second = recent.get('a', () => other.promise, undefined);
  reject(new Error('ended early'));
  await expect(promise).rejects.toThrow('ended early');
  await Promise.resolve();
  expect(recent.find('a')).toBe('in_flight');
  other.resolve('new');
  expect(await second).toBe('new');
});

it('ends a call whose callers have no signals when its answer has come', async () => {
  const { recent } = answers({});
  let used: AbortSignal | undefined;
  const { promise, resolve } = Promise.withResolvers<string>();
  const start = (signal: AbortSignal) => {
    used = signal;
    return promise;
  };
  const both = Promise.all([recent.get('a', start, undefined), recent.get('a', start, undefined)]);
  expect(used?.aborted).toBe(false);
  resolve('x');
  expect(await both).toEqual(['x', 'x']);
  expect(used?.aborted).toBe(true);
});

it('leaves the signal of an answer alone until all who have it have ended', async () => {
  const { recent } = answers({});
  const [first, second] = [new AbortController(), new AbortController()];
  let used: AbortSignal | undefined;
  const start = async (signal: AbortSignal) => {
    used = signal;
    return 'x';
  };
  await Promise.all([first, second].map(({ signal }) => recent.get('a', start, signal)));
  first.abort();
  expect(used?.aborted).toBe(false);
  second.abort();
  expect(used?.aborted).toBe(true);
});

it('gives no answer to a request that has been given up', async () => {
  const { add, recent } = answers({});
  await add('a', 'x');
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(recent.get('a', async () => 'y', gone)).rejects.toThrow('gone');
});

it('asks again once an answer is too old, though the request that got it goes on', async () => {
  const { clock, recent } = answers({});
  const { signal } = new AbortController();
  expect(await recent.get('a', async () => 'old', signal)).toBe('old');
  clock.now = 100;
  expect(recent.find('a')).toBeUndefined();
  expect(await recent.get('a', async () => 'new', signal)).toBe('new');
});
