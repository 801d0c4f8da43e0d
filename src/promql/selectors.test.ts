import { describe, expect, it } from 'vitest';
import { vectorSelectors } from './selectors.ts';

describe('vectorSelectors', () => {
  it('lists the selectors of a query in order', () => {
    const query = `sum(rate(a{b="1",c!~'2|3',}[5m])) by (d) / on (d) max({e=\`4\`} offset 1h) or f:g # h{}`;
    expect(vectorSelectors(query)).toEqual([
      {
        name: 'a',
        matchers: [
          { name: 'b', operator: '=', value: '1' },
          { name: 'c', operator: '!~', value: '2|3' },
        ],
        offset: 9,
      },
      { matchers: [{ name: 'e', operator: '=', value: '4' }], offset: 54 },
      { name: 'f:g', matchers: [], offset: 76 },
    ]);
  });

  it('parses quoted names', () => {
    expect(vectorSelectors('{"a.b", "c d"="\\u00e9"}')).toEqual([
      { name: 'a.b', matchers: [{ name: 'c d', operator: '=', value: 'é' }], offset: 0 },
    ]);
  });

  it('treats further quoted names, and the empty one, as matchers', () => {
    const matcher = (value: string) => ({ name: '__name__', operator: '=', value });
    expect(vectorSelectors('{"a", "b"} + {"", "c"} + {""} + d{"e"}')).toEqual([
      { name: 'a', matchers: [matcher('b')], offset: 0 },
      { name: 'c', matchers: [matcher('')], offset: 13 },
      { matchers: [matcher('')], offset: 25 },
      { name: 'd', matchers: [matcher('e')], offset: 32 },
    ]);
  });

  it('parses names that are keywords', () => {
    expect(vectorSelectors('offset{by="1"} + sum{on="2"} + rate').map(({ name }) => name)).toEqual([
      'offset',
      'sum',
      'rate',
    ]);
  });

  it('keeps a matcher on __name__ among the matchers', () => {
    expect(vectorSelectors('{__name__=~"a.*"}')).toEqual([
      { matchers: [{ name: '__name__', operator: '=~', value: 'a.*' }], offset: 0 },
    ]);
  });

  it('parses matchers with all operators, and nothing else between braces', () => {
    expect(vectorSelectors('a{ # b="c"\n d="1", e!="2", # f\n g=~"3", h!~"4", }')).toEqual([
      {
        name: 'a',
        matchers: [
          { name: 'd', operator: '=', value: '1' },
          { name: 'e', operator: '!=', value: '2' },
          { name: 'g', operator: '=~', value: '3' },
          { name: 'h', operator: '!~', value: '4' },
        ],
        offset: 0,
      },
    ]);
  });

  it.each([
    'a{b="c",d',
    'a{b="c",d=',
    'a{b="c",d=~}',
    'a{b="c","d"=',
    'a{b="c",="d"}',
    'a{b="c",d:',
  ])('parses complete matchers of %s', (query) => {
    const matchers = [{ name: 'b', operator: '=', value: 'c' }];
    expect(vectorSelectors(query)).toEqual([{ name: 'a', matchers, offset: 0 }]);
  });

  it('returns those before a syntax fault', () => {
    expect(vectorSelectors('a{b="c"} + d{e=').map(({ name }) => name)).toEqual(['a', 'd']);
    expect(vectorSelectors('')).toEqual([]);
  });
});
