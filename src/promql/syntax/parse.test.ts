import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyQueryText } from '../../../test/fixtures/promql-text.ts';
import { nameAt, parsePromql } from './parse.ts';

describe('parsePromql', () => {
  it('returns the tree of a query', () => {
    const { tree, faults } = parsePromql('sum(up{job="a"})');
    expect(faults).toEqual([]);
    expect(tree.toString()).toBe(
      'PromQL(AggregateExpr(AggregateOp(Sum),FunctionCallBody(VectorSelector(Identifier,LabelMatchers(UnquotedLabelMatcher(LabelName,MatchOp(EqlSingle),StringLiteral))))))',
    );
  });

  it.each([
    ['', 0, 0, 'the query is empty, expected an expression'],
    [' # nothing', 0, 10, 'the query is empty, expected an expression'],
    [
      'sum(foo',
      7,
      7,
      'unexpected end of the query (the `(` at character 4 is not closed), expected `,`, `)` or an operator',
    ],
    ['sum(foo))', 8, 9, 'unexpected `)`, expected an operator or the end of the query'],
    ['sum(foo) by', 11, 11, 'unexpected end of the query, expected `(`'],
    ['sum(foo) by pod', 12, 15, 'unexpected `pod`, expected `(`'],
    ['sum(foo,)', 8, 9, 'unexpected `)`, expected an expression'],
    [
      'foo{',
      4,
      4,
      'unexpected end of the query (the `{` at character 4 is not closed), expected a label name or `}`',
    ],
    [
      'foo{bar',
      7,
      7,
      'unexpected end of the query (the `{` at character 4 is not closed), expected `=`, `!=`, `=~`, `!~`',
    ],
    ['foo{bar=}', 8, 9, 'unexpected `}`, expected a string'],
    ['foo{bar="a" baz="b"}', 12, 15, 'unexpected `baz`, expected `,` or `}`'],
    ['foo{a:b="c"}', 4, 7, 'unexpected `a:b`, expected a label name or `}`'],
    [
      'foo[5m',
      6,
      6,
      'unexpected end of the query (the `[` at character 4 is not closed), expected `:` or `]`',
    ],
    ['foo[]', 4, 5, 'unexpected `]`, expected a duration or number'],
    ['foo offset', 10, 10, 'unexpected end of the query, expected a duration or number'],
    ['foo bar', 4, 7, 'unexpected `bar`, expected an operator or the end of the query'],
    ['foo +', 5, 5, 'unexpected end of the query, expected an expression'],
    ['foo + * bar', 6, 7, 'unexpected `*`, expected an expression'],
    ['f(x)', 1, 2, 'there is no function `f`'],
    [
      `foo ${'b'.repeat(100)}`,
      4,
      104,
      `unexpected \`${'b'.repeat(40)}…\`, expected an operator or the end of the query`,
    ],
  ])('reports the fault of %j', (text, offset, end, message) => {
    expect(parsePromql(text).faults).toEqual([{ offset, end, message }]);
  });

  it('reports every invalid token', () => {
    expect(parsePromql('a{b="\\d"} & c[5mm]').faults.map(({ offset }) => offset)).toEqual([
      5, 10, 14,
    ]);
  });

  it('returns the tree of the part before the first fault', () => {
    expect(parsePromql('up{a="b"} up{c="d"}').tree.toString()).toContain('UnquotedLabelMatcher');
  });

  it('checks only tokens and brackets of a query that is nested too deeply for the grammar', () => {
    for (const depth of [200, 300, 5000, 50_000]) {
      const open = 'abs('.repeat(depth);
      expect(parsePromql(`${open}up${')'.repeat(depth)}`).faults).toEqual([]);
      expect(parsePromql(`${open}up`).faults).toHaveLength(1);
      expect(parsePromql(`${open}up&${')'.repeat(depth)}`).faults).toHaveLength(1);
      expect(parsePromql(`up${' + up'.repeat(depth)}`).faults).toEqual([]);
      expect(parsePromql(`${'-'.repeat(depth)}up`).faults).toEqual([]);
    }
  });

  it('accepts any text, and reports offsets in it', () => {
    fc.assert(
      fc.property(anyQueryText(), (query) => {
        for (const { offset, end } of parsePromql(query).faults) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(offset);
          expect(end).toBeLessThanOrEqual(query.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('nameAt', () => {
  it('returns the word at an offset', () => {
    expect(nameAt('sum(a:b_1 + c)', 4)).toBe('a:b_1');
    expect(nameAt('sum(a)', 3)).toBe('');
  });
});
