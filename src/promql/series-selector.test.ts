import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ourSelectorVerdict } from '../../test/promql-verdicts/accepters.ts';
import verdicts from '../../test/promql-verdicts/verdicts.json' with { type: 'json' };
import { checkSeriesSelector, matcherAdder, parseSeriesSelector } from './series-selector.ts';
import { formatMatchers, type LabelMatcher } from './syntax/matcher.ts';

describe('checkSeriesSelector', () => {
  it('accepts and rejects the same selectors as Prometheus 2.42, 2.53 and 3.5', () => {
    const selectors = Object.entries(verdicts.seriesSelectors);
    expect(selectors.length).toBeGreaterThan(900);
    const wrong = selectors.filter(([text, theirs]) => ourSelectorVerdict(text) !== theirs);
    expect(wrong.map(([text, theirs]) => [text, theirs, ourSelectorVerdict(text)])).toEqual([]);
  });

  it.each([['{"a.b"}'], ['{"a.b","c.d"="e"}'], ['up{"c.d"!="e"}']])(
    'takes %j, of Prometheus 3',
    (text) => {
      expect(checkSeriesSelector(text)).toEqual([]);
    },
  );

  it.each([
    ['sum(up)', 0, 7, 'found an aggregation'],
    ['up[5m]', 0, 6, 'found a range'],
    ['up offset 5m', 0, 12, 'found `offset`'],
    ['up @ 5', 0, 6, 'found `@`'],
    ['up + up', 0, 7, 'found an operator'],
    ['# c\nrate(up[5m])', 0, 16, 'found a function call'],
    ['(up)', 0, 4, 'found parentheses'],
    ['1', 0, 1, 'found a number'],
    [`${'('.repeat(300)}up${')'.repeat(300)}`, 0, 602, 'found another expression'],
    ['{job=~".*"}', 0, 11, 'at least one matcher that does not match the empty text'],
    ['up{job=~"("}', 8, 11, 'expected a regular expression (RE2)'],
    ['queue_depth{', 12, 12, 'expected a label name or `}`'],
    ['', 0, 0, 'the query is empty'],
  ])('reports the fault of %j', (text, offset, end, message) => {
    expect(checkSeriesSelector(text)).toEqual([
      { offset, end, message: expect.stringContaining(message) },
    ]);
  });

  it('accepts any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Array.isArray(checkSeriesSelector(text))).toBe(true);
      }),
    );
  });
});

describe('parseSeriesSelector', () => {
  it('parses name and matchers', () => {
    expect(parseSeriesSelector(' up{job!="",pod=~\'a|b\'} # c')).toEqual({
      name: 'up',
      matchers: [
        { name: 'job', operator: '!=', value: '' },
        { name: 'pod', operator: '=~', value: 'a|b' },
      ],
    });
    expect(parseSeriesSelector('# c\n{__name__=~"^x.*"}')).toEqual({
      matchers: [{ name: '__name__', operator: '=~', value: '^x.*' }],
    });
  });

  it('throws for an invalid selector', () => {
    expect(() => parseSeriesSelector('sum(up)')).toThrow(SyntaxError);
    expect(() => parseSeriesSelector('up{')).toThrow(/series selector up\{: unexpected end/);
  });
});

/** Texts that are white space and comments to PromQL, but look like parts of a selector. */
const filler = fc.constantFrom('', ' ', '\n\t', '# }\n', '# {a="b",\r\n', ' #,\n ');

const labelName = fc.oneof(
  fc.constantFrom('pod', 'on', 'by', '__name__', 'kube_pod'),
  fc.constantFrom('a.b', 'größe', 'a"b', '}', 'x y'),
);

const matcher: fc.Arbitrary<LabelMatcher> = fc.record({
  name: labelName,
  operator: fc.constantFrom('=', '!=', '=~', '!~'),
  value: fc.oneof(
    fc.constantFrom('', '}', '{', ',', '#', "it's", 'a|b', '\\\\', '.+'),
    fc.stringMatching(/^[a-z ]*$/),
  ),
});

/** Selectors as people write them, and as they do not. */
const selectorText = fc
  .record({
    name: fc.constantFrom('', 'up', 'a:b', 'offset', 'inf_'),
    matchers: fc.array(matcher, { maxLength: 4 }),
    fillers: fc.array(filler, { minLength: 6, maxLength: 6 }),
    hasTrailingComma: fc.boolean(),
    hasBraces: fc.boolean(),
  })
  .map(({ name, matchers, fillers, hasTrailingComma, hasBraces }) => {
    const [a = '', b = '', c = '', d = '', e = '', f = ''] = fillers;
    const inside = matchers.map((each) => formatMatchers([each])).join(`${c},${d}`);
    const comma = hasTrailingComma && matchers.length > 0 ? ',' : '';
    const braces = hasBraces || matchers.length > 0 ? `{${b}${inside}${e}${comma}${f}}` : '';
    return `${a}${name}${b}${braces}${e}`;
  })
  .filter((text) => checkSeriesSelector(text).length === 0);

describe('matcherAdder', () => {
  it.each([
    ['up', 'up{pod!=""}'],
    ['up # {a="b"}', 'up{pod!=""} # {a="b"}'],
    ['up{}', 'up{pod!=""}'],
    ['up{ # }\n}', 'up{pod!="" # }\n}'],
    ['up{job="}",}', 'up{pod!="",job="}",}'],
    ['{__name__=~"a|b"}', '{pod!="",__name__=~"a|b"}'],
    ['{"up"}', '{pod!="","up"}'],
    ['up{a="\\xff"}', 'up{pod!="",a="\\xff"}'],
  ])('adds it to %j', (text, outcome) => {
    expect(matcherAdder(text)({ name: 'pod', operator: '!=', value: '' })).toBe(outcome);
  });

  it('does not change the rest of a selector', () => {
    fc.assert(
      fc.property(selectorText, labelName, (text, name) => {
        const added: LabelMatcher = { name, operator: '!=', value: '' };
        const before = parseSeriesSelector(text);
        const outcome = matcherAdder(text)(added);
        expect(parseSeriesSelector(outcome)).toEqual({
          ...before,
          matchers: [added, ...before.matchers],
        });
      }),
      { numRuns: 500 },
    );
  });

  it('throws for an invalid selector', () => {
    expect(() => matcherAdder('sum(up)')).toThrow(SyntaxError);
    expect(() => matcherAdder('{a="b" or c="d"}')).toThrow(SyntaxError);
  });
});
