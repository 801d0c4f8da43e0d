import { describe, expect, it } from 'vitest';
import { PathPatternError, pathMatcher } from './path-pattern.ts';

describe('pathMatcher', () => {
  it('matches whole paths', () => {
    const matches = pathMatcher(['/healthz', 'readyz']);
    expect(['/healthz', '/readyz'].map(matches)).toEqual([true, true]);
    expect(['/healthz/ping', '/healthzz', '/health', '/', '//healthz'].map(matches)).toEqual(
      Array(5).fill(false),
    );
  });

  it('matches prefixes of paths', () => {
    const matches = pathMatcher(['/healthz/*']);
    expect(['/healthz/ping', '/healthz/'].map(matches)).toEqual([true, true]);
    expect(['/healthz', '/metrics'].map(matches)).toEqual([false, false]);
    expect(pathMatcher(['*'])('/metrics')).toBe(true);
  });

  it('matches nothing without a pattern', () => {
    expect(['/', '/healthz', ''].map(pathMatcher([]))).toEqual([false, false, false]);
  });

  it('rejects a star that is not at the end', () => {
    expect(() => pathMatcher(['/a*b'])).toThrow(PathPatternError);
    expect(() => pathMatcher(['/a*b'])).toThrow('"/a*b": expected * at the end only');
  });
});
