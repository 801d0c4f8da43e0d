import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { type MediaRange, parseAccept } from './accept.ts';

const texts = (header: string) =>
  parseAccept(header).map(
    ({ type, subtype, parameters }) =>
      `${type}/${subtype}${[...parameters].map(([name, value]) => `;${name}=${value}`).join('')}`,
  );

describe('an Accept header', () => {
  it.each([
    ['application/json', ['application/json']],
    [' Application/JSON ; Charset="UTF-8" ', ['application/json;charset=UTF-8']],
    ['a/b;q=0.1, c/d;q=0.9, e/f', ['e/f', 'c/d', 'a/b']],
    ['*/*, a/*, a/b', ['a/b', 'a/*', '*/*']],
    ['a/b;q=0, c/d', ['c/d']],
    ['a/b;q=0.000', []],
    ['a/b;q=high, c/d;q=0.5', ['a/b', 'c/d']],
    ['a/b;x="1,2;3\\"4"', ['a/b;x=1,2;3"4']],
    ['json, */json, a/b/c, , /, a/b', ['a/b']],
    ['a/b;novalue;=x;v=1', ['a/b;v=1']],
    ['', []],
    ['"', []],
  ])('%j has the ranges %j', (header, expected) => {
    expect(texts(header)).toEqual(expected);
  });

  it('is rejected if it is too long', () => {
    const longest = 'a/b,'.repeat(1024);
    expect(parseAccept(longest)).toHaveLength(1024);
    expect(() => parseAccept(`${longest},`)).toThrow(StatusError);
    expect(() => parseAccept(`${longest},`)).toThrow(
      'Accept: expected at most 4096 characters, got 4097',
    );
  });

  it('is cached if it is short', () => {
    const longest = 'a/b,'.repeat(128);
    expect(parseAccept(longest)).toBe(parseAccept(longest));
    expect(parseAccept(`${longest},`)).not.toBe(parseAccept(`${longest},`));
  });

  const token = fc.stringMatching(/^[a-z0-9.+-]{1,12}$/);
  const range = fc.record({
    type: token,
    subtype: token,
    parameters: fc.dictionary(
      token.filter((name) => name !== 'q'),
      fc.string({ unit: 'binary' }),
      {
        maxKeys: 3,
      },
    ),
    thousandths: fc.integer({ min: 1, max: 1000 }),
  });

  it('has the ranges that were written, with any quoted values, the best first', () => {
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const header = ranges
          .map(({ type, subtype, parameters, thousandths }) => {
            const written = Object.entries(parameters).map(
              ([name, value]) => `;${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`,
            );
            return `${type}/${subtype}${written.join('')};q=${thousandths / 1000}`;
          })
          .join(' , ');
        const expected = ranges
          .toSorted((a, b) => b.thousandths - a.thousandths)
          .map(
            ({ type, subtype, parameters, thousandths }): MediaRange => ({
              type,
              subtype,
              parameters: new Map(Object.entries(parameters)),
              quality: thousandths / 1000,
            }),
          );
        expect(parseAccept(header)).toEqual(expected);
      }),
    );
  });

  it('can be any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (header) => {
        for (const { quality, type, subtype } of parseAccept(header)) {
          expect(quality).toBeGreaterThan(0);
          expect(quality).toBeLessThanOrEqual(1);
          expect(type === '*' && subtype !== '*').toBe(false);
        }
      }),
    );
  });
});
