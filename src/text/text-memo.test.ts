import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rememberTexts } from './text-memo.ts';

/** A reader that counts how often it reads. */
function counted(bounds: Parameters<typeof rememberTexts>[1]) {
  const reads: string[] = [];
  const read = rememberTexts((text) => {
    reads.push(text);
    if (text === 'bad') throw new Error('cannot be read');
    return { length: text.length, text };
  }, bounds);
  return { read, reads };
}

describe('rememberTexts', () => {
  it('returns the results of `read` in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 4 }).filter((text) => text !== 'bad')),
        fc.integer({ min: 1, max: 5 }),
        (texts, most) => {
          const { read } = counted({ most, longest: 3 });
          for (const text of texts) expect(read(text)).toEqual({ length: text.length, text });
        },
      ),
    );
  });

  it('reads a text once', () => {
    const { read, reads } = counted({ most: 2, longest: 3 });
    expect(read('a')).toBe(read('a'));
    expect(reads).toEqual(['a']);
  });

  it('evicts the least recently used text when there are too many', () => {
    const { read, reads } = counted({ most: 2, longest: 3 });
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) read(text);
    expect(reads).toEqual(['a', 'b', 'c', 'b']);
  });

  it('does not keep a long text', () => {
    const { read, reads } = counted({ most: 2, longest: 3 });
    for (const text of ['abc', 'abc', 'abcd', 'abcd']) read(text);
    expect(reads).toEqual(['abc', 'abcd', 'abcd']);
  });

  it('does not cache errors', () => {
    const { read, reads } = counted({ most: 2, longest: 3 });
    expect(() => read('bad')).toThrow('cannot be read');
    expect(() => read('bad')).toThrow('cannot be read');
    expect(reads).toEqual(['bad', 'bad']);
  });
});
