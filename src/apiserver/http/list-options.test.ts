import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from '../../apimachinery/label-selector.ts';
import { StatusError } from '../status.ts';
import { parseListOptions, readLabelSelector } from './list-options.ts';

const read = (parameter: 'labelSelector' | 'metricLabelSelector', text: string) =>
  readLabelSelector(new URLSearchParams({ [parameter]: text }), parameter);

/** What reading gives, or the text of its error. */
function outcome(what: () => unknown): unknown {
  try {
    return what();
  } catch (error) {
    return String(error);
  }
}

describe('readLabelSelector', () => {
  it('reads a selector as it is, the first time and again', () => {
    const text = fc.oneof(
      fc.constantFrom('', 'a=b', 'a in (b,c),!d', 'a=', 'a=b=c', 'x>1', ' '),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        for (const each of [...texts, ...texts]) {
          const expected = outcome(() => parseLabelSelector(each));
          expect(outcome(() => read('labelSelector', each))).toEqual(expected);
          expect(outcome(() => read('metricLabelSelector', each))).toEqual(expected);
        }
      }),
    );
  });

  it('names the parameter that is too long, or has too many requirements, each time', () => {
    for (const [parameter, longest] of [
      ['labelSelector', 32 * 1024],
      // Each value of an answer has it.
      ['metricLabelSelector', 8 * 1024],
      ['labelSelector', 32 * 1024],
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

  it('keeps what it reads of a short selector: of a long one that could be much', () => {
    const longest = `${'a,'.repeat(127)}bb`;
    expect(longest).toHaveLength(256);
    for (const parameter of ['labelSelector', 'metricLabelSelector'] as const) {
      expect(read(parameter, longest)).toBe(read(parameter, longest));
      expect(read(parameter, `${longest}b`)).not.toBe(read(parameter, `${longest}b`));
    }
  });

  it('reads both parameters of a request by themselves', () => {
    const query = new URLSearchParams('labelSelector=a%3Db&metricLabelSelector=c');
    expect(parseListOptions(query, '*')).toEqual({
      labelSelector: parseLabelSelector('a=b'),
      metricLabelSelector: parseLabelSelector('c'),
    });
  });
});
