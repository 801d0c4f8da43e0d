import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['100ms', 100],
    ['0s', 0],
    ['1y', 31_536_000_000],
    ['1y2w3d4h5m6s7ms', 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_706_007],
    ['292y', 292 * 31_536_000_000],
  ])('reads %s as %i milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '5',
    'm',
    '5x',
    '30m1h',
    '5m5m',
    '-5m',
    '1.5h',
    ' 5m',
    '5m\n',
    '293y',
    '99999999999999999999s',
  ])('rejects %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
