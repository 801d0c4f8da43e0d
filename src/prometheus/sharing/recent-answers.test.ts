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

it('limits the number of results, and keeps the latest', async () => {
  const { add, kept } = answers({ mostKept: 2 });
  for (const key of ['a', 'b', 'c']) await add(key, '');
  expect(kept('a', 'b', 'c')).toEqual(['b', 'c']);
});

it('limits the bytes, including keys', async () => {
  const { add, kept } = answers({ mostBytes: 20 });
  await add('a', 'x'.repeat(8));
  await add('b', 'x'.repeat(8));
  expect(kept('a', 'b')).toEqual(['a', 'b']);
  await add('c', 'x');
  expect(kept('a', 'b', 'c')).toEqual(['b', 'c']);
});

it('does not replace others with a result that is too large', async () => {
  const { add, kept, last } = answers({ mostBytes: 20 });
  await add('a', 'x'.repeat(8));
  await add('b', 'x'.repeat(30));
  expect(kept('a', 'b')).toEqual(['a']);
  expect(last).toEqual({ count: 1, bytes: 10 });
});

it('releases the memory of expired results', async () => {
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

it('removes expired results without further requests', async () => {
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

it('does not cache a result that is too old on arrival', async () => {
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

it('aborts the signal of a failed query, so that nothing stays in use', async () => {
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

it('counts the bytes of a key twice, and caches a result of the maximum size', async () => {
  const { add, changes, kept } = answers({ mostBytes: 20 });
  await add('abcd', 'x'.repeat(12));
  expect(changes).toEqual([[1, 20]]);
  await add('abcde', 'x'.repeat(11));
  expect(kept('abcd', 'abcde')).toEqual(['abcd']);
  expect(changes).toEqual([[1, 20]]);
});

it('reports nothing if a result was too old on arrival', async () => {
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

it('has one timer for any number of results', async () => {
  const { add, clock } = answers({});
  await add('a', 'x');
  clock.now = 1;
  await add('b', 'x');
  expect(vi.getTimerCount()).toBe(1);
  clock.now = 100;
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(1);
});

it('keeps the result that replaced a cancelled one', async () => {
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

it('ends a call without signals when its result arrives', async () => {
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

it('does not abort the signal of a result until all callers have ended', async () => {
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

it('returns no result to a cancelled request', async () => {
  const { add, recent } = answers({});
  await add('a', 'x');
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(recent.get('a', async () => 'y', gone)).rejects.toThrow('gone');
});

it('sends a query again after a result expires, even if a request still uses it', async () => {
  const { clock, recent } = answers({});
  const { signal } = new AbortController();
  expect(await recent.get('a', async () => 'old', signal)).toBe('old');
  clock.now = 100;
  expect(recent.find('a')).toBeUndefined();
  expect(await recent.get('a', async () => 'new', signal)).toBe('new');
});
