import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from '../../apimachinery/label-selector-parser.ts';
import { StatusError } from '../status.ts';
import { selectorParameter } from './list-options.ts';

const readers = {
  long: selectorParameter('long', 32 * 1024),
  short: selectorParameter('short', 8 * 1024),
};

const read = (parameter: 'long' | 'short', text: string) =>
  readers[parameter](new URLSearchParams({ [parameter]: text }));

/** The parsed selector, or the text of the error. */
function outcome(what: () => unknown): unknown {
  try {
    return what();
  } catch (error) {
    return String(error);
  }
}

describe('selectorParameter', () => {
  it('parses the same selector in the same way each time', () => {
    const text = fc.oneof(
      fc.constantFrom('', 'a=b', 'a in (b,c),!d', 'a=', 'a=b=c', 'x>1', ' '),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        for (const each of [...texts, ...texts]) {
          const expected = outcome(() => parseLabelSelector(each));
          expect(outcome(() => read('long', each))).toEqual(expected);
          expect(outcome(() => read('short', each))).toEqual(expected);
        }
      }),
    );
  });

  it('names the parameter that is too long, or has too many requirements, each time', () => {
    for (const [parameter, longest] of [
      ['long', 32 * 1024],
      ['short', 8 * 1024],
      ['long', 32 * 1024],
    ] as const) {
      const selector = `a in (${'b,'.repeat(longest)}`;
      expect(read(parameter, `${selector.slice(0, longest - 2)}c)`)).toHaveLength(1);
      expect(() => read(parameter, `${selector.slice(0, longest - 1)}c)`)).toThrow(
        `${parameter}: expected at most ${longest} characters, got ${longest + 1}`,
      );
      const many = Array.from({ length: 257 }, () => 'a').join(',');
      expect(() => read(parameter, many)).toThrow(StatusError);
      expect(() => read(parameter, many)).toThrow(
        `${parameter}: expected at most 256 requirements`,
      );
    }
  });

  it('caches short selectors, but not long ones', () => {
    const longest = `${'a,'.repeat(127)}bb`;
    expect(longest).toHaveLength(256);
    for (const parameter of ['long', 'short'] as const) {
      expect(read(parameter, longest)).toBe(read(parameter, longest));
      expect(read(parameter, `${longest}b`)).not.toBe(read(parameter, `${longest}b`));
    }
  });
});
