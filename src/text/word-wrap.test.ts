import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapWords } from './word-wrap.ts';

describe('wrapWords', () => {
  it('breaks between words only', () => {
    expect(wrapWords('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrapWords('a incomprehensible b', 5)).toEqual(['a', 'incomprehensible', 'b']);
    expect(wrapWords('  ', 5)).toEqual([]);
  });

  it('keeps all words', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(wrapWords(text, width).join(' ')).toBe(text.trim().split(/\s+/).join(' '));
      }),
    );
  });
});
