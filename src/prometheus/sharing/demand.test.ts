import { expect, it } from 'vitest';
import { createDemand } from './demand.ts';

/** Demand within a second, with a clock that the test sets. */
function demandOn() {
  const clock = { now: 10_000 };
  const demand = createDemand(1000, () => clock.now);
  /** Whether the shared query is worthwhile after three requests. */
  const isWorthIt = (): boolean => {
    for (let request = 0; request < 3; request += 1) demand.requestArrived();
    return demand.isWorthwhile();
  };
  /** The same, after a result of the shared query was used and has expired. */
  const isWorthItAfter = (samples: number, ...wanted: readonly number[]): boolean => {
    demand.succeeded(samples);
    for (const objects of wanted) demand.used(objects);
    return isWorthIt();
  };
  return { clock, demand, isWorthIt, isWorthItAfter };
}

it('needs three requests within the maximum age of a result', () => {
  for (const [milliseconds, expected] of [
    [999, true],
    [1000, false],
  ] as const) {
    const { clock, demand } = demandOn();
    expect(demand.isWorthwhile()).toBe(false);
    demand.requestArrived();
    demand.requestArrived();
    expect(demand.isWorthwhile()).toBe(false);
    clock.now += milliseconds;
    demand.requestArrived();
    expect(demand.isWorthwhile()).toBe(expected);
  }
});

it('counts the last three requests only', () => {
  const { clock, demand } = demandOn();
  demand.requestArrived();
  clock.now += 5000;
  for (let request = 0; request < 3; request += 1) demand.requestArrived();
  expect(demand.isWorthwhile()).toBe(true);
});

it.each([
  [1000, [], true],
  [1001, [], false],
  [1001, [20], false],
  [1050, [20, 1], true],
  [1051, [20, 1], false],
])('accepts %i samples for a number of requested objects, or not: %j', (samples, wanted, worth) => {
  const { isWorthIt, isWorthItAfter } = demandOn();
  expect(isWorthIt()).toBe(true);
  expect(isWorthItAfter(samples, ...wanted)).toBe(worth);
});

it('counts the requested objects of each result separately', () => {
  const { isWorthItAfter } = demandOn();
  expect(isWorthItAfter(2000, 40)).toBe(true);
  expect(isWorthItAfter(2000, 39)).toBe(false);
});

it('is tried again a minute after a result with too many samples', () => {
  const { clock, isWorthIt, isWorthItAfter } = demandOn();
  expect(isWorthItAfter(1001)).toBe(false);
  clock.now += 59_999;
  expect(isWorthIt()).toBe(false);
  clock.now += 1;
  expect(isWorthIt()).toBe(true);
});

it('doubles the delay after each failure, up to an hour, until a query succeeds', () => {
  const { clock, demand, isWorthIt } = demandOn();
  for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
    demand.failed();
    clock.now += minutes * 60_000 - 1;
    expect(isWorthIt()).toBe(false);
    clock.now += 1;
    expect(isWorthIt()).toBe(true);
  }
  demand.succeeded(1);
  demand.failed();
  clock.now += 60_000;
  expect(isWorthIt()).toBe(true);
});
