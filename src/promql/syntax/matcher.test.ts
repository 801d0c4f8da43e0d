import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkQuery } from '../checks/check.ts';
import { vectorSelectors } from '../selectors.ts';
import { formatMatcher, formatMatchers, isLegacyName, type LabelMatcher } from './matcher.ts';

const anyText = fc.string({ unit: 'binary' });
const awkwardText = fc.oneof(
  anyText,
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\0',
      '}',
      '{',
      '#',
      "'",
      '`',
      'é',
      '\ufffd',
      '\ud800',
      '|',
      ',',
    ),
  }),
);
const labelName = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/),
  fc.constantFrom('by', 'on', 'bool', 'offset', 'sum', 'and', 'inf', 'nan', 'start', 'without'),
  awkwardText.filter((name) => name !== ''),
);
const plainMatcher: fc.Arbitrary<LabelMatcher> = fc.record({
  name: labelName,
  operator: fc.constantFrom('=' as const, '!=' as const),
  value: awkwardText,
});
const regexMatcher: fc.Arbitrary<LabelMatcher> = fc.record({
  name: labelName,
  operator: fc.constantFrom('=~' as const, '!~' as const),
  value: fc.array(fc.stringMatching(/^[a-z0-9.-]{1,8}$/)).map((values) => values.join('|')),
});

describe('formatMatcher', () => {
  it.each<[LabelMatcher, string]>([
    [{ name: 'pod', operator: '=', value: 'cart-0' }, 'pod="cart-0"'],
    [{ name: 'pod', operator: '=~', value: 'pay.a|payxa' }, 'pod=~"pay.a|payxa"'],
    [{ name: 'code', operator: '!~', value: '5..' }, 'code!~"5.."'],
    [{ name: 'shard', operator: '!=', value: '' }, 'shard!=""'],
    [{ name: 'pod', operator: '=', value: 'ca"rt' }, 'pod="ca\\"rt"'],
    [{ name: 'pod', operator: '=', value: 'café' }, 'pod="café"'],
    [{ name: 'pod', operator: '=', value: '\ufffd' }, 'pod="\\ufffd"'],
    [{ name: 'k8s.pod.name', operator: '=', value: 'a' }, '"k8s.pod.name"="a"'],
    [{ name: 'a"b', operator: '!=', value: 'a' }, '"a\\"b"!="a"'],
    [{ name: '1st', operator: '=', value: 'a' }, '"1st"="a"'],
  ])('writes %j as %s', (matcher, text) => {
    expect(formatMatcher(matcher)).toBe(text);
  });
});

describe('formatMatchers', () => {
  it('joins with commas only', () => {
    expect(
      formatMatchers([
        { name: 'namespace', operator: '=', value: 'shop' },
        { name: 'pod', operator: '=~', value: 'a|b' },
      ]),
    ).toBe('namespace="shop",pod=~"a|b"');
    expect(formatMatchers([])).toBe('');
  });

  it('gives a query with exactly these matchers for any values', () => {
    const matchers = fc.array(fc.oneof(plainMatcher, regexMatcher), { maxLength: 6 });
    fc.assert(
      fc.property(matchers, (wanted) => {
        const query = `sum(series{${formatMatchers(wanted)}}) by (pod)`;
        expect(
          checkQuery(query).filter(({ message }) => !/must not be set twice/.test(message)),
        ).toEqual([]);
        expect(vectorSelectors(query)).toEqual([
          {
            name: 'series',
            // Half of a surrogate pair, which UTF-8 cannot encode, becomes U+FFFD.
            matchers: wanted.map(({ name, operator, value }) => ({
              name: name.toWellFormed(),
              operator,
              value: value.toWellFormed(),
            })),
            offset: 4,
          },
        ]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('isLegacyName', () => {
  it.each(['a', '_', 'pod_name', 'A1', '__name__'])('%j is one', (name) => {
    expect(isLegacyName(name)).toBe(true);
  });
  it.each(['', '1a', 'a.b', 'a-b', 'a:b', 'é', 'a\n', ' a'])('%j is none', (name) => {
    expect(isLegacyName(name)).toBe(false);
  });
});
