import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyQueryText } from '../../../test/fixtures/promql-text.ts';
import { agree, ourVerdict } from '../../../test/promql-verdicts/accepters.ts';
import verdicts from '../../../test/promql-verdicts/verdicts.json' with { type: 'json' };
import { checkQuery, inspectQuery } from './check.ts';

const GOLDEN = new URL('../../../test/golden/data/prom/', import.meta.url);

interface Recording {
  readonly query?: readonly { readonly query: string; readonly status: number }[];
}

function recordedQueries(): readonly (readonly [string, number])[] {
  const statuses = new Map<string, number>();
  for (const file of readdirSync(GOLDEN)) {
    const recording: Recording = JSON.parse(readFileSync(new URL(file, GOLDEN), 'utf8'));
    for (const { query, status } of recording.query ?? []) {
      statuses.set(query, status);
    }
  }
  return [...statuses];
}

describe('inspectQuery', () => {
  it('accepts and rejects the same queries as Prometheus 2.42, 2.53 and 3.5', () => {
    const queries = Object.entries(verdicts.queries);
    expect(queries.length).toBeGreaterThan(4500);
    const wrong = queries.filter(([query, theirs]) => !agree(theirs, ourVerdict(query)));
    expect(wrong.map(([query, theirs]) => [query, theirs, ourVerdict(query)])).toEqual([]);
  });

  it('accepts the queries of the reference adapter that Prometheus accepted, and none that it rejected', () => {
    const recorded = recordedQueries();
    expect(recorded.length).toBeGreaterThan(400);
    for (const [query, status] of recorded) {
      // With 422, the query was accepted, and its evaluation failed.
      expect([query, checkQuery(query).length === 0]).toEqual([query, status !== 400]);
    }
  });

  it.each([
    ['{"a.b"}', 'vector'],
    ['{"a.b", c="d"}', 'vector'],
    ['sum by ("a.b", c) ({"a.b"})', 'vector'],
    ['up + on ("a.b") group_left ("c.d") up', 'vector'],
    ['up[300]', 'matrix'],
    ['up[1_000]', 'matrix'],
    ['up[5m + 1m]', 'matrix'],
    ['up[step()]', 'matrix'],
    ['up[min(5m, 1h)]', 'matrix'],
    ['up[max_of(5m, 1h):step()]', 'matrix'],
    ['up offset 300', 'vector'],
    ['up offset -(5m)', 'vector'],
    ['0x_1F', 'scalar'],
    ['1_000', 'scalar'],
    ['start()', 'scalar'],
    ['limitk(2, up)', 'vector'],
    ['limit_ratio(0.5, up)', 'vector'],
    ['double_exponential_smoothing(up[5m], 0.5, 0.5)', 'vector'],
    ['sort_by_label(up, "a", "b")', 'vector'],
    ['info(up)', 'vector'],
    ['info(up, {})', 'vector'],
    ['info(up, {k8s_cluster=~".*"})', 'vector'],
    ['histogram_avg(rate(up[5m]))', 'vector'],
    ['histogram_quantiles(up, "q", 0.5, 0.9)', 'vector'],
    ['ts_of_max_over_time(up[5m])', 'vector'],
    ['rate(up[5m] smoothed)', 'vector'],
    ['rate(up[5m] anchored)', 'vector'],
    ['up + fill(0) up', 'vector'],
    ['up </ 5', 'vector'],
  ])('accepts %j, as some Prometheus 3 does', (query, type) => {
    const { faults, limits, type: found } = inspectQuery(query);
    expect({ faults, type: found }).toEqual({ faults: [], type });
    expect(limits).not.toEqual([]);
  });

  it.each([
    ['sum by ("a.b") (up)', 8, 13, 'a quoted label name in a list of labels', ['3.5']],
    ['{"a.b"}', 1, 6, 'a quoted metric name', ['2.53', '3.5']],
    ['up{"a.b"="c"}', 3, 8, 'a quoted label name', ['2.53', '3.5']],
    ['count_values("a.b", up)', 13, 18, 'the label name "a.b" in `count_values`', ['3.5']],
    ['label_join(up, "a", "", "b.c")', 24, 29, 'the label name "b.c" in `label_join`', ['3.5']],
    ['up{a=~"\\xff"}', 6, 12, 'a regular expression that is not UTF-8', ['2.53', '3.5']],
    ['up{a=~"(?<b>c)"}', 6, 15, 'a group named without `P`', ['2.53', '3.5']],
    [
      'label_replace(up, "a", "$b", "", "(?<b>c)")',
      33,
      42,
      'a group named without `P`',
      ['2.53', '3.5'],
    ],
    [
      'up{a=~"\\\\Qb"}',
      6,
      12,
      'a regular expression with `\\Q` that is not closed',
      ['2.53', '3.5'],
    ],
    ['up[300]', 3, 6, 'a number of seconds in place of a duration', ['3.5']],
    ['up offset 0s', 10, 12, 'an offset of 0', ['3.5']],
    ['up * 5m', 5, 7, 'a duration in place of a number', ['3.5']],
    ['1_000', 0, 5, 'a number with `_` between its digits', ['3.5']],
    ['holt_winters(up[5m], 0.5, 0.5)', 0, 12, 'the function `holt_winters`', ['2.42', '2.53']],
    ['up + fill(0) up', 5, 12, '`fill`', []],
    ['up </ 5', 3, 5, 'the operator `</`', []],
    [
      'up[5m x]',
      6,
      7,
      '`x` after a range is read as `:`, which makes a subquery',
      ['2.42', '2.53', '3.5'],
    ],
    ['up[min(2m, 3m)]', 6, 14, 'a function in a duration', []],
  ])('reports which releases accept %j', (query, offset, end, construct, versions) => {
    const { limits } = inspectQuery(query);
    expect(limits).toEqual([{ offset, end, construct, availability: { versions } }]);
  });

  it('reports which feature a query needs', () => {
    const versions = ['3.5'];
    expect(inspectQuery('limitk(2, up[5m + 1m])').limits).toEqual([]);
    expect(inspectQuery('limitk(2, rate(up[5m + 1m]))').limits).toEqual([
      {
        offset: 0,
        end: 6,
        construct: 'the function `limitk`',
        availability: { versions, feature: 'promql-experimental-functions' },
      },
      {
        offset: 18,
        end: 25,
        construct: 'a calculated duration',
        availability: { versions, feature: 'promql-duration-expr' },
      },
    ]);
  });

  it.each([
    ['up[2 min]', 5, 'unexpected `min`, expected `:` or `]`'],
    ['up[5m min]', 6, 'unexpected `min`'],
    ['up[max 5m]', 3, 'unexpected `max`'],
    ['up[min(5m)]', 3, 'unexpected `min`'],
    ['up[min(5m, 1m, 2m)]', 3, 'unexpected `min`'],
    ['up[5m, 1m]', 5, 'unexpected `,`'],
    ['up[1m - 5m]', 3, 'a range or step must be longer than 0'],
    ['up[5m:-1m]', 6, 'a range or step must be longer than 0'],
    ['up[5m * NaN]', 8, 'expected a duration such as `5m`, found `NaN`'],
    ['up[5m / 0]', 8, 'a duration must not be divided by 0'],
    ['up offset (5m) % (1 - 1)', 17, 'a duration must not be divided by 0'],
    ['up offset (5m - 1e10)', 16, 'a duration must be shorter than 292 years'],
    ['up offset (5m) + up', 17, 'unexpected `up`'],
    ['up offset (5m) * 2 + (up)', 22, 'unexpected `up`'],
    ['up[ # c\n5m]', 4, 'a comment is not allowed between `[` and the duration'],
    ['up offset (5m)e5', 14, 'unexpected `e5`'],
    ['label_replace(up, "a", "", "", "\\xff")', 31, 'invalid UTF-8'],
    ['up{a=~"(b{900}){60}"}', 6, 'repeated 54000 times, at most 1000 are allowed'],
    ['up{a=~"b{110000}"}', 6, 'repeated 110000 times'],
    ['up{a=~"\\xff.*"}', 6, 'invalid UTF-8'],
    ['1e400', 0, 'a number must be less than 1.8e308'],
    ['0x8000000000000000', 0, 'a hexadecimal number must be less than 2^63'],
    ['label_replace(up, "", "", "", "")', 18, 'takes a label name as argument 2, found ""'],
    ['label_join(up, "a", "", "b", "")', 29, 'takes a label name as argument 5'],
    ['COUNT_VALUES("\\xff", up)', 13, 'takes a label name as argument 1, found "\\xff"'],
    ['sum by ("\\xff") (up)', 8, 'a label in a list of labels must be valid UTF-8'],
    ['{""}', 0, 'a selector must have a metric name'],
    ['up offset Inf', 10, 'a duration must be shorter than 292 years'],
    ['up[Inf]', 3, 'expected a duration such as `5m`, found `Inf`'],
    ['up[5m:NaN]', 6, 'expected a duration such as `5m`, found `NaN`'],
    ['sum by ("") (up)', 8, 'a label in a list of labels must not be empty'],
    ['info(up, up)', 9, '`info` takes label matchers between braces as argument 2'],
    ['sum by (inf) (up)', 8, '`inf` cannot be a label in a list of labels'],
    ['atan2', 0, 'unexpected operator `atan2`'],
  ])('rejects %j, as every release does', (query, offset, message) => {
    const { faults } = inspectQuery(query);
    expect(faults).toMatchObject([{ offset, message: expect.stringContaining(message) }]);
  });

  it.each([
    ['rate(up)', 5, 7, '`rate` takes a range vector (such as `x[5m]`), found an instant vector'],
    ['sum(rate(up[5m]) > 1, up)', 0, 3, '`sum` takes 1 argument, found 2'],
    ['sum(1)', 4, 5, '`sum` takes an instant vector, found a scalar (a plain number)'],
    ['sum(up[5m])', 4, 10, '`sum` takes an instant vector, found a range vector (such as `x[5m]`)'],
    [
      'topk(up, up)',
      5,
      7,
      '`topk` takes a scalar (a plain number) as argument 1, found an instant vector',
    ],
    ['time(1)', 0, 4, '`time` takes no arguments, found 1'],
    ['round()', 0, 5, '`round` takes 1 to 2 arguments, found 0'],
    ['label_join(up)', 0, 10, '`label_join` takes at least 3 arguments, found 1'],
    ['rates(up[5m])', 0, 5, 'there is no function `rates`, did you mean `rate`?'],
    ['Rate(up[5m])', 0, 4, 'there is no function `Rate`, did you mean `rate`?'],
    ['something_else(up)', 0, 14, 'there is no function `something_else`'],
    ['up + "a"', 5, 8, '`+` takes scalars and instant vectors, found a string'],
    [
      'up[5m] / up',
      0,
      6,
      '`/` takes scalars and instant vectors, found a range vector (such as `x[5m]`)',
    ],
    [
      'a + b[5m]',
      4,
      9,
      'an operator takes scalars and instant vectors, found a range vector (such as `x[5m]`)',
    ],
    [
      '-up[5m]',
      1,
      7,
      'an operator takes scalars and instant vectors, found a range vector (such as `x[5m]`)',
    ],
    [
      '-(up[5m])',
      0,
      9,
      'a sign requires a scalar or an instant vector, found a range vector (such as `x[5m]`)',
    ],
    [
      'up and 1',
      7,
      8,
      '`and` takes an instant vector on both sides, found a scalar (a plain number)',
    ],
    ['1 > 2', 2, 3, 'comparing two scalars needs `bool`: `> bool`'],
    ['up + bool up', 5, 9, '`bool` is for comparisons (such as `>`), not with `+`'],
    [
      'up + on(a) 1',
      5,
      10,
      'matching labels takes an instant vector on both sides, found a scalar',
    ],
    [
      'up or on(a) group_left up',
      12,
      22,
      '`or` does not support `group_left`: it always matches many to many',
    ],
    [
      'up + on(a) group_left(a) up',
      5,
      24,
      'label `a` must not be in both `on` and `group_left` or `group_right`',
    ],
    [
      '{}',
      0,
      2,
      'a selector must have a metric name or at least one matcher that does not match the empty text, or else it would select every series',
    ],
    [
      'up{__name__="a"}',
      3,
      15,
      'the metric name must not be set twice, before the braces and between them',
    ],
    [
      'sum(up) offset 5m',
      0,
      7,
      '`offset` belongs right after a selector (`x`, `x[5m]`) or a subquery, not after another expression',
    ],
    ['up @ 5 @ 6', 0, 6, '`@` may not be set twice for the same selector'],
    ['a + b offset 5m offset 1m', 4, 15, '`offset` may not be set twice for the same selector'],
    ['up offset 5m [5m]', 0, 12, 'the range belongs before `offset`: `x[5m] offset …`'],
    [
      'sum(up)[5m]',
      0,
      7,
      'a range such as `[5m]` belongs right after a selector; after any other instant vector write a subquery such as `[5m:]`',
    ],
    [
      'up[5m][5m]',
      0,
      6,
      'a range such as `[5m]` belongs after an instant vector selector, found one that has a range already',
    ],
    [
      'up[5m][5m:]',
      0,
      6,
      'a subquery is made of an instant vector, found a range vector (such as `x[5m]`)',
    ],
    ['up[0s]', 3, 5, 'a range or step must be longer than 0'],
    ['up @ Inf', 5, 8, 'expected a Unix timestamp in seconds that fits into 64 bits'],
    ['sum(up) smoothed', 0, 7, '`smoothed` belongs right after a selector (`x`, `x[5m]`)'],
  ])('reports the fault of %j and its place', (query, offset, end, message) => {
    expect(inspectQuery(query)).toEqual({ faults: [{ offset, end, message }], limits: [] });
  });

  it('reports invalid regular expressions', () => {
    expect(checkQuery('up{a=~"(",b!~"["} + label_replace(up, "a", "b", "c", ")")')).toEqual([
      {
        offset: 6,
        end: 9,
        message: expect.stringMatching(/^expected a regular expression \(RE2\): /),
      },
      { offset: 13, end: 16, message: expect.stringMatching(/RE2/) },
      { offset: 53, end: 56, message: expect.stringMatching(/RE2/) },
    ]);
    expect(checkQuery('{a=~"\\\\Q"}')).toHaveLength(1);
    expect(checkQuery('up{a=~"\\\\Qb\\\\E"}')).toEqual([]);
  });

  it('does not compile a very large expression, which could use all memory', () => {
    const large = 'a{1000}'.repeat(2_000);
    for (const query of [`up{a=~"${large}"}`, `{a=~"${large}"}`, `{a!~"${large}|"}`]) {
      expect(checkQuery(query)).toEqual([]);
    }
    expect(checkQuery(`label_replace(up, "a", "b", "c", "${large}")`)).toEqual([]);
  });

  it('reports everything at once, in the order of the text', () => {
    expect(checkQuery('sum(1) + rate(up) + {}').map(({ offset }) => offset)).toEqual([4, 14, 20]);
  });

  it('reports a fault once, and not for its parents', () => {
    expect(checkQuery('sum(nosuch(up)) + abs(nosuch(up))')).toHaveLength(2);
  });

  it('reads a range with a long line of `#` in linear time', () => {
    expect(inspectQuery(`x[5m ${'#'.repeat(5_000)}\n:1m]`)).toMatchObject({
      faults: [],
      limits: [],
      type: 'matrix',
    });
  });

  it('does not check a query that is nested too deeply', () => {
    expect(inspectQuery(`${'('.repeat(300)}1${')'.repeat(300)}`)).toEqual({
      faults: [],
      limits: [],
    });
  });
});

describe('the reported part of a query', () => {
  const both = 'takes an instant vector on both sides';

  it.each([
    ['x + fill(0) 1', [['fill(0)', 'filling in takes an instant vector on both sides']]],
    ['x and fill(0) y', [['fill(0)', '`and` has no missing samples to fill']]],
    ['x and fill(0) 1', [['1', `\`and\` ${both}`]]],
    ['1 and x', [['1', `\`and\` ${both}`]]],
    ['x and 1', [['1', `\`and\` ${both}`]]],
    ['x or on() group_left() 1', [['1', `\`or\` ${both}`]]],
    ['x and on() group_left() y', [['group_left', '`and` does not support `group_left`']]],
    ['x unless on() group_right() y', [['group_right', '`unless` does not support `group_right`']]],
    [
      'x + on("a.b") group_left("a.b") y',
      [['on("a.b") group_left("a.b")', 'label `a.b` must not be in both']],
    ],
    ['1 + on(a) x', [['on(a)', 'matching labels takes an instant vector on both sides']]],
    [
      'x[5m] + "a"',
      [
        ['x[5m]', 'found a range vector'],
        ['"a"', 'found a string'],
      ],
    ],
    ['x[5m] + on(a) 1', [['x[5m]', 'found a range vector']]],
    ['x[5m] and 1', [['x[5m]', 'found a range vector']]],
    ['nosuch() + 1 > 2', [['nosuch', 'there is no function `nosuch`']]],
    ['-1 @ 5', [['1', '`@` belongs right after a selector']]],
    ['1 offset 5m', [['1', 'not after a scalar (a plain number)']]],
    ['"a" offset 5m', [['"a"', 'not after a string']]],
    ['(x) offset 5m', [['(x)', 'not after another expression']]],
    ['x offset 5m offset 0s', [['x offset 5m', '`offset` may not be set twice']]],
    ['x[5m:1m] @ 5 @ 6', [['x[5m:1m] @ 5', '`@` may not be set twice']]],
    ['a @ 5 + b @ 6 @ 7', [['b @ 6', '`@` may not be set twice']]],
    ['x[5m:1m] offset 1m offset 2m', [['x[5m:1m] offset 1m', 'may not be set twice']]],
    ['x @ 5 [5m]', [['x @ 5', 'the range belongs before `@`']]],
    ['x[5m:1m][5m]', [['x[5m:1m]', 'found one that has a range already']]],
    ['"a"[5m:]', [['"a"', 'made of an instant vector, found a string']]],
    ['1[5m:]', [['1', 'made of an instant vector, found a scalar']]],
    ['x[5m:] anchored', [['x[5m:]', '`anchored` belongs right after a selector']]],
    ['a + b[5m:]', [['b[5m:]', 'an operator takes scalars and instant vectors']]],
    ['x @ 9223372036854775807', [['9223372036854775807', 'fits into 64 bits']]],
    ['x @ -1e30', [['-1e30', 'fits into 64 bits']]],
    ['x @ nan', [['nan', 'fits into 64 bits']]],
    ['x[+nan]', [['nan', 'expected a duration such as `5m`, found `nan`']]],
    ['x[- 5m]', [['- 5m', 'longer than 0']]],
    ['x[-(5m)]', [['-(5m)', 'longer than 0']]],
    ['x[0]', [['0', 'longer than 0']]],
    ['x[5m - 5m]', [['5m - 5m', 'longer than 0']]],
    ['x[4%2]', [['4%2', 'longer than 0']]],
    ['x[5m + -5m]', [['5m + -5m', 'longer than 0']]],
    ['x[5m # c\n - 5m]', [['5m # c\n - 5m', 'longer than 0']]],
    ['x[-(2^63)]', [['-(2^63)', 'longer than 0']]],
    ['x[2^63+1025]', [['2^63+1025', 'at most 2^63 seconds']]],
    ['x offset 9223372036.86', [['9223372036.86', 'shorter than 292 years']]],
    ['x[1y*9999999999999999999]', [['9999999999999999999', 'shorter than 292 years']]],
    ['x[1y*9e9*9e9]', [['1y*9e9*9e9', 'at most 2^63 seconds']]],
    ['x offset -9999999999', [['9999999999', 'shorter than 292 years']]],
    ['nosuch(x) offset 5m @ 5', [['nosuch', 'there is no function']]],
    ['nosuch(x)[5m]', [['nosuch', 'there is no function']]],
    ['rate(x[5m] + 1)', [['x[5m]', '`+` takes scalars and instant vectors']]],
    ['rate(-(x[5m]))', [['-(x[5m])', 'a sign requires']]],
    ['x + 1[5m]', [['1', 'a range such as `[5m]` belongs right after a selector']]],
    ['x + 1[5m:]', [['1', 'a subquery is made of an instant vector']]],
    ['rate(x + y[5m])', [['y[5m]', 'an operator takes scalars and instant vectors']]],
    ['sum(x[5m][5m])', [['x[5m]', 'found one that has a range already']]],
    ['rate(x + 1[5m])', [['1', 'a range such as `[5m]` belongs right after a selector']]],
    ['info(x, 1)', [['1', '`info` takes an instant vector as argument 2']]],
    ['1 and on(a) 2', [['1', `\`and\` ${both}`]]],
  ])('of %j is at fault', (query, parts) => {
    const { faults, type } = inspectQuery(query);
    expect(faults.map(({ offset, end }) => query.slice(offset, end))).toEqual(
      parts.map(([part]) => part),
    );
    for (const [index, [, message]] of parts.entries()) {
      expect(faults[index]?.message).toContain(message);
    }
    expect(type).toBeUndefined();
  });

  it.each([
    ['x + ignoring(a) group_left(a) y', 'vector', []],
    ['1 + on() x', 'vector', []],
    ['1 > bool 2', 'scalar', []],
    ['x atan2 y', 'vector', []],
    ['x >/ 5', 'vector', ['>/']],
    ['1 </ 2', 'scalar', ['</']],
    ['x offset 0s offset 5m', 'vector', ['0s']],
    ['x @ start() [5m]', 'matrix', []],
    ['x @ 1e18', 'vector', []],
    ['x @ 1_0', 'vector', ['1_0']],
    ['a + b @ 5 offset 1m', 'vector', []],
    ['sum(x)[5m:]', 'matrix', []],
    ['(x offset 5m)[5m:]', 'matrix', []],
    ['x[5m] anchored', 'matrix', ['x[5m] anchored']],
    ['x smoothed', 'vector', ['x smoothed']],
    ['x offset -0s', 'vector', ['-0s']],
    ['x offset - 5m', 'vector', []],
    ['x offset -5m', 'vector', []],
    ['x offset -5', 'vector', ['-5']],
    ['x offset +5m', 'vector', ['+5m']],
    ['x offset 0', 'vector', ['0']],
    ['x offset 1y * 400', 'vector', []],
    ['x offset (5m)', 'vector', ['(5m)']],
    ['x offset -(0s)', 'vector', ['-(0s)']],
    ['x offset 5m+1m', 'vector', ['1m']],
    ['x[5m - -5m]', 'matrix', ['5m - -5m']],
    ['x[(5m)]', 'matrix', ['(5m)']],
    ['x[2^3]', 'matrix', ['2^3']],
    ['x[7%4]', 'matrix', ['7%4']],
    ['x[8/2]', 'matrix', ['8/2']],
    ['x[5m*2]', 'matrix', ['5m*2']],
    ['x[5m:step()]', 'matrix', ['step()']],
    ['x[step()+5m]', 'matrix', ['step()+5m']],
    ['x[5m#c\n y]', 'matrix', ['y']],
    ['x[5m y 1m]', 'matrix', ['y']],
    ['x[5m #\n:1m]', 'matrix', []],
    ['x[5m # c\n:1m]', 'matrix', []],
    ['x[5m #c#d\n#e\n:]', 'matrix', []],
    ['x[5m: # c\n 1m]', 'matrix', []],
    ['x[5m # c\ny 1m]', 'matrix', ['y']],
    ['x[5m + 5m]', 'matrix', ['5m + 5m']],
    ['x[2^63]', 'matrix', ['2^63']],
    ['x offset -(2^63)', 'vector', ['-(2^63)']],
    ['x offset 9223372036.854775807', 'vector', ['9223372036.854775807']],
    ['-5m', 'scalar', ['-5m']],
    ['2 * -5m', 'scalar', ['-5m']],
    ['+ 1_0', 'scalar', ['+ 1_0']],
  ])('of %j has limits', (query, type, parts) => {
    const { faults, limits, type: found } = inspectQuery(query);
    expect({ faults, type: found }).toEqual({ faults: [], type });
    expect(limits.map(({ offset, end }) => query.slice(offset, end))).toEqual(parts);
  });
});

describe('a limit', () => {
  it.each([
    ['x[5]', 'a number of seconds in place of a duration'],
    ['x[+5]', 'a duration with a sign'],
    ['x offset -5', 'a duration with a sign'],
    ['x[+-5m - -10m]', 'a calculated duration'],
    ['x[-step()]', 'a function in a duration'],
    ['x[step() + 5m]', 'a function in a duration'],
    ['x[5m + step()]', 'a function in a duration'],
  ])('of %j names the construct', (query, construct) => {
    expect(inspectQuery(query)).toMatchObject({ faults: [], limits: [{ construct }] });
  });
});

describe('the type', () => {
  it.each([
    ['up', 'vector'],
    ['scalar(up)', 'scalar'],
    ['up[5m]', 'matrix'],
    ['"a"', 'string'],
    ['1 + 1', 'scalar'],
    ['1 + up', 'vector'],
    ['(((1)))', 'scalar'],
    ['-1 # c', 'scalar'],
    ['a + b offset 5m', 'vector'],
    ['up{', undefined],
    ['sum(1)', undefined],
    ['', undefined],
  ])('of %j is %s', (query, type) => {
    expect(inspectQuery(query).type).toBe(type);
  });
});

describe('generated queries', () => {
  const { scalar, vector } = fc.letrec<{ scalar: string; vector: string; matrix: string }>(
    (tie) => ({
      scalar: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('1', '.5', '-2', '0x1F', 'Inf', 'time()', 'pi()'),
        fc
          .tuple(
            tie('scalar'),
            fc.constantFrom('+', '-', '*', '/', '%', '^', '> bool', '== bool'),
            tie('scalar'),
          )
          .map((parts) => parts.join(' ')),
        tie('vector').map((inner) => `scalar(${inner})`),
        tie('scalar').map((inner) => `-(${inner})`),
      ),
      vector: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('up', 'a:b{c="d"}', '{e=~"f|g"}', 'up offset 5m', 'up @ 5', 'sum{by="x"}'),
        fc
          .tuple(fc.constantFrom('sum', 'max by (a)', 'avg without (b, c)'), tie('vector'))
          .map(([aggregation, inner]) => `${aggregation} (${inner})`),
        fc
          .tuple(
            tie('vector'),
            fc.constantFrom(
              '+',
              '/ on (a)',
              '> bool',
              '== on () group_left (x)',
              'and',
              'unless ignoring (b)',
            ),
            tie('vector'),
          )
          // Parentheses: `up and 1 * up` is fine, `up / on (a) 1 * up` matches labels of a scalar.
          .map(([left, operator, right]) => `${left} ${operator} (${right})`),
        fc
          .tuple(tie('scalar'), fc.constantFrom('*', '-', '^'), tie('vector'))
          .map((parts) => parts.join(' ')),
        fc
          .tuple(fc.constantFrom('rate', 'max_over_time', 'deriv'), tie('matrix'))
          .map(([name, inner]) => `${name}(${inner})`),
        fc.tuple(tie('scalar'), tie('vector')).map((parts) => `topk(${parts.join(', ')}) by (pod)`),
        tie('vector').map((inner) => `(${inner} # comment\n)`),
        tie('scalar').map((inner) => `vector(${inner})`),
        tie('vector').map((inner) => `label_replace(${inner}, "a", "$1", "b", "(.*)")`),
      ),
      matrix: fc.oneof(
        fc.constantFrom('up[5m]', 'up{a!="b"}[1h30m] offset 1d', '{c="d"}[5m] @ end()'),
        tie('vector').map((inner) => `(${inner})[1h:5m] offset 5m`),
      ),
    }),
  );

  it('have no fault, and the intended type', () => {
    fc.assert(
      fc.property(scalar, vector, (aScalar, aVector) => {
        expect(inspectQuery(aScalar)).toMatchObject({ faults: [], type: 'scalar' });
        expect(inspectQuery(aVector)).toMatchObject({ faults: [], type: 'vector' });
      }),
      { numRuns: 500 },
    );
  });

  it('are rejected with a vector in place of a range and vice versa', () => {
    fc.assert(
      fc.property(vector, (aVector) => {
        expect(checkQuery(`rate((${aVector}))`)).not.toEqual([]);
        expect(checkQuery(`abs((${aVector})[5m:1m])`)).not.toEqual([]);
      }),
    );
  });
});

describe('any text', () => {
  it('is checked without an exception, with offsets in the text', () => {
    fc.assert(
      fc.property(anyQueryText(), (query) => {
        for (const { offset, end, message } of checkQuery(query)) {
          expect(message).not.toBe('');
          expect(offset).toBeLessThanOrEqual(end);
          expect(end).toBeLessThanOrEqual(query.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
