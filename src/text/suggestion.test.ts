import { describe, expect, it } from 'vitest';
import { closestTo } from './suggestion.ts';

describe('closestTo', () => {
  const names = ['prometheus-url', 'prometheus-verb', 'config', 'v'];

  it.each([
    ['promtheus-url', 'prometheus-url'],
    ['prometheus-uri', 'prometheus-url'],
    ['confg', 'config'],
  ])('takes %s for %s', (word, meant) => {
    expect(closestTo(word, names)).toBe(meant);
  });

  it.each(['lister', 'secure-port', 'xyz', ''])('has nothing to offer for %j', (word) => {
    expect(closestTo(word, ['prometheus-url', 'config'])).toBeUndefined();
  });

  it('does not compare what is too long to be a typing error', () => {
    const long = 'a'.repeat(101);
    expect(closestTo(long, [long])).toBeUndefined();
  });
});
