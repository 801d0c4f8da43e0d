import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRequestTurns } from './request-turns.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('starts a request immediately, and those above 3 ms in later turns, by connection', () => {
  const turns = createRequestTurns();
  const [one, other] = [{}, {}];
  const started: string[] = [];
  const take = (name: string, milliseconds: number) => () => {
    started.push(name);
    now += milliseconds;
  };
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  turns.run(one, take('a', 2));
  turns.run(one, take('b', 2));
  expect(started).toEqual(['a', 'b']);
  for (const name of ['c', 'd', 'e']) turns.run(one, take(name, 2));
  turns.run(other, take('x', 2));
  expect(started).toEqual(['a', 'b']);
  vi.runOnlyPendingTimers();
  expect(started).toEqual(['a', 'b', 'c', 'x']);
  // The order of a connection stays, also for what comes while some wait.
  turns.run(one, take('f', 1));
  vi.runOnlyPendingTimers();
  expect(started).toEqual(['a', 'b', 'c', 'x', 'd', 'e']);
  vi.runOnlyPendingTimers();
  expect(started).toEqual(['a', 'b', 'c', 'x', 'd', 'e', 'f']);
});
