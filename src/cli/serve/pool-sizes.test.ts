import { describe, expect, it } from 'vitest';
import { parseServeFlags } from './parse-serve-flags.ts';

/** The slots by these flags, or the error of the flags. */
function placesOf(...flags: readonly string[]): unknown {
  const line = parseServeFlags(['--config=rules.yaml', ...flags]);
  if (line.action === 'serve') return line.options.serving.poolSizes;
  return line.action === 'reject' ? line.faults : line;
}

const flag = '--max-requests-inflight';
const any = Number.POSITIVE_INFINITY;

describe('poolSizes', () => {
  it.each([
    [[], [400, 280, 80, 40]],
    [[`${flag}=100`], [100, 70, 20, 10]],
    [[`${flag}-direct=10`], [400, 350, 10, 40]],
    [
      [`${flag}-unproven=5`, `${flag}-direct=394`],
      [400, 1, 394, 5],
    ],
    [[`${flag}=1`], [1, 1, 1, 1]],
    [[`${flag}=3`], [3, 1, 1, 1]],
    [[`${flag}=0`], [any, any, any, any]],
    [
      [`${flag}=0`, `${flag}-unproven=40`],
      [any, any, any, 40],
    ],
  ])('of %j are %j', (flags, [all, frontProxy, authenticated, unproven]) => {
    expect(placesOf(...flags)).toEqual({ all, frontProxy, authenticated, unproven });
  });

  it.each([
    [
      [`${flag}-direct=360`],
      '--max-requests-inflight-direct=360: these parts (360 and 40) leave no part of --max-requests-inflight=400',
    ],
    [
      [`${flag}=10`, `${flag}-unproven=9`, `${flag}-direct=1`],
      '--max-requests-inflight-direct=1 and --max-requests-inflight-unproven=9: these parts (1 and 9) leave no part of --max-requests-inflight=10',
    ],
  ])('are rejected for %j, which leave no capacity for the front proxy', (flags, message) => {
    expect(placesOf(...flags)).toEqual([expect.stringContaining(message)]);
  });
});
