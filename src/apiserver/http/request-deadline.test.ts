import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { requestedTimeout } from './request-deadline.ts';

describe('requestedTimeout', () => {
  const timeout = (text: string, longest: number) =>
    requestedTimeout(new URLSearchParams({ timeout: text }), longest);

  it('is that of the client, up to the limit', () => {
    expect(timeout('', 60_000)).toBe(60_000);
    expect(timeout('0s', 60_000)).toBe(60_000);
    expect(timeout('1.5s', 60_000)).toBe(1_500);
    expect(timeout('2h', 60_000)).toBe(60_000);
  });

  it('is that of the client if there is no limit', () => {
    expect(timeout('', 0)).toBe(0);
    expect(timeout('0s', 0)).toBe(0);
    expect(timeout('1.5s', 0)).toBe(1_500);
    // A longer timer of Node.js would fire immediately.
    expect(timeout('9999h', 0)).toBe(2 ** 31 - 1);
  });

  it('is rejected if it is not a duration', () => {
    for (const text of ['1', '-1s', 's', 'soon']) {
      expect(() => timeout(text, 60_000)).toThrow(StatusError);
    }
  });

  it('is rejected before it is parsed if it is too long', () => {
    expect(timeout('1ms'.repeat(21), 60_000)).toBe(21);
    expect(() => timeout('1ms'.repeat(22), 60_000)).toThrow(
      'timeout: expected at most 64 characters, got 66',
    );
  });
});
