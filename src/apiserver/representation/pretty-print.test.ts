import { describe, expect, it } from 'vitest';
import { isPretty } from './pretty-print.ts';

describe('pretty-printing', () => {
  it.each([
    ['', 'kubectl/v1.35', false],
    ['', 'curl/8.5.0', true],
    ['', 'Wget/1.21', true],
    ['', 'Mozilla/5.0 (X11)', true],
    ['', undefined, false],
    ['pretty=true', undefined, true],
    ['pretty=1', undefined, true],
    ['pretty=0', 'curl/8.5.0', false],
    ['pretty=yes', 'curl/8.5.0', false],
    ['pretty=', 'curl/8.5.0', true],
  ])('for ?%s by %s is %s', (query, agent, expected) => {
    const headers = agent === undefined ? {} : { 'user-agent': agent };
    expect(isPretty({ headers }, new URLSearchParams(query))).toBe(expected);
  });
});
