import { describe, expect, it } from 'vitest';
import { clockOffset } from './clock-offset.ts';

const NOON = Date.parse('2026-11-29T12:00:00Z');
const date = 'Sun, 29 Nov 2026 12:00:00 GMT';

function offset(sentAt: number, answeredAt: number): number | undefined {
  return clockOffset(date, undefined, { sentAt: NOON + sentAt, answeredAt: NOON + answeredAt });
}

describe('the offset of the clock of a server', () => {
  it('is 0 if both clocks can be equal', () => {
    expect(offset(0, 10)).toBe(0);
    expect(offset(-500, 10)).toBe(0);
    expect(offset(990, 1500)).toBe(0);
    // A response after half a minute.
    expect(offset(-15_000, 15_000)).toBe(0);
  });

  it('is the smallest consistent value', () => {
    expect(offset(-60_010, -60_000)).toBe(60);
    expect(offset(61_000, 61_010)).toBe(-60);
    expect(offset(-90_000, -60_000)).toBe(60);
  });

  it('is unknown for a cached response, or without a date', () => {
    const exchange = { sentAt: NOON, answeredAt: NOON };
    expect(clockOffset(date, '300', exchange)).toBeUndefined();
    expect(clockOffset(undefined, undefined, exchange)).toBeUndefined();
    expect(clockOffset('yesterday', undefined, exchange)).toBeUndefined();
  });
});
