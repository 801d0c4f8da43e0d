import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRequestScheduler } from './request-scheduler.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('starts a request immediately, and those above 3 ms in later slices, by connection', () => {
  const scheduler = createRequestScheduler();
  const [one, other] = [{}, {}];
  const started: string[] = [];
  const take = (name: string, milliseconds: number) => () => {
    started.push(name);
    now += milliseconds;
  };
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  scheduler.start(one, take('a', 2));
  scheduler.start(one, take('b', 2));
  expect(started).toEqual(['a', 'b']);
  for (const name of ['c', 'd', 'e']) scheduler.start(one, take(name, 2));
  scheduler.start(other, take('x', 2));
  expect(started).toEqual(['a', 'b']);
  vi.runOnlyPendingTimers();
  expect(started).toEqual(['a', 'b', 'c', 'x']);
  // Requests of a connection stay in order, also those that arrive while others wait.
  scheduler.start(one, take('f', 1));
  vi.runOnlyPendingTimers();
  expect(started).toEqual(['a', 'b', 'c', 'x', 'd', 'e']);
  vi.runOnlyPendingTimers();
  expect(started).toEqual(['a', 'b', 'c', 'x', 'd', 'e', 'f']);
});

it('alternates starts with steps that end a connection, and starts no more of its requests', () => {
  const scheduler = createRequestScheduler();
  const [closed, other] = [{}, {}];
  const done: string[] = [];
  const take = (name: string) => () => {
    done.push(name);
    now += 2;
  };
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  for (const name of ['a', 'b', 'c']) scheduler.start(closed, take(name));
  for (const name of ['x', 'y', 'z']) scheduler.start(other, take(name));
  expect(done).toEqual(['a', 'b']);
  let steps = 0;
  scheduler.end(closed, () => {
    take('end')();
    steps += 1;
    return steps < 3;
  });
  for (let turn = 0; turn < 5; turn += 1) vi.runOnlyPendingTimers();
  expect(done).toEqual(['a', 'b', 'end', 'x', 'end', 'y', 'end', 'z']);
});
