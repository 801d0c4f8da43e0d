// Queries for verdicts of Prometheus: valid ones of all kinds, and mutants that differ by a token or two.
import fc from 'fast-check';
import { AGGREGATIONS, type ExpressionType, FUNCTIONS } from '../../src/promql/syntax/functions.ts';
import { tokenize } from '../../src/promql/syntax/tokens.ts';
import handwritten from './handwritten.json' with { type: 'json' };

const KEYWORDS = words(
  'and or unless atan2 bool offset by without on ignoring group_left group_right fill fill_left',
  'fill_right sum avg count group topk bottomk count_values quantile limitk limit_ratio start end',
  'step range inf nan anchored smoothed min max min_of max_of info stddev up time rate',
);

/** Keywords in small letters, in capitals and mixed. */
const keyword = fc
  .tuple(fc.constantFrom(...KEYWORDS), fc.nat(5))
  .map(([word, letterCase]) =>
    letterCase === 0
      ? word.toUpperCase()
      : letterCase === 1
        ? word.charAt(0).toUpperCase() + word.slice(1)
        : word,
  );

const DURATION_TOKENS = [
  ...words('5m 5m 1h30m 30s 0s 5 0 1.5 1e3 -1 min max min_of max_of step step() range() ( ) ( )'),
  ...words(', + - * / % ^ : : 5m30m 1y2w 5mm x Inf NaN 0x10 "5m" 1_000 m > 5ms'),
];

const LABELS = [
  ...words(
    'a b pod namespace le __name__ a:b :a "a.b" "pod" "" \'a.b\' `pod` "a\\x62" "é" "__name__"',
  ),
];

const AMOUNTS = [
  ...words('5m 5m 5m 1h30m 300 0 0s 1.5 -5m (5m) step() -(5m) 1y 1ms 300y 1e3 +5m -300 -1e3 +0x10'),
  ...words('-0 -0s +0s -.5 ((5m)) -(-5m) --5m -+5m (1e3) -1_000 - +300 -1y -300y -NaN +Inf (Inf)'),
  ...['- 5m', '5m + 1m', '2 * 5m', 'min_of(5m, 1m)', 'min(5m, 1m)', '5m ^ 2', '- 300', '-\t1e3'],
  ...['5m + Inf', '1 / 0', '5m % 0', '(5m) * 2', '-# c\n5m', '# c\n5m', '5m # c\n'],
];

/** Numbers in all forms, and texts that nearly are some. */
const numeral = fc.oneof(
  fc.constantFrom(
    ...words('1 0 .5 1. 1e3 0x1F 0X1f 1_000 5m 1h30m Inf NaN +Inf -1 inf nAn 0b1 1e 08 0o7 1__0'),
    ...words(
      '5m30m 0x 1d 1E3 1e-3 1e+3 .5e3 1.e3 1.5E-3 0x1_F 0x_1 0xg 017 1_0.5_0 1_ _1 1._5 1_.5',
    ),
    ...words('1e1_0 1e_1 0x1p3 0x1.8p1 -Inf +NaN 1e400 -1e400 9223372036854775808 0.0 Infinity 5M'),
    ...words('1ms 00 000m 1.5m 1e3m 0x1m 1..2 1.2.3 1e3e3 5m_ 5_m 1_0m 0e0 0E 1s1ms 1us 1ns 5mS'),
  ),
  fc
    .tuple(
      fc.constantFrom('', '', '', '-', '+', '- '),
      fc.string({
        unit: fc.constantFrom(...'0123456789__..exXmshdwy+-'),
        minLength: 1,
        maxLength: 6,
      }),
    )
    .map((parts) => parts.join('')),
);

/** Durations of one or several units, mostly in order. */
const duration = fc
  .tuple(
    fc.subarray(words('y w d h m s ms'), { minLength: 1, maxLength: 4 }),
    fc.array(fc.constantFrom('0', '1', '5', '07', '100', '292', '9223372036'), {
      minLength: 4,
      maxLength: 4,
    }),
    fc.nat(12),
  )
  .map(([units, amounts, order]) =>
    (order === 0 ? units.toReversed() : units)
      .map((unit, index) => `${amounts[index]}${unit}`)
      .join(''),
  );

/** Strings of the three kinds of quotes, with escapes. */
const stringLiteral = fc
  .tuple(
    fc.constantFrom('"', '"', "'", '`'),
    fc.array(
      fc.constantFrom(
        ...words(
          'a b . é 😀 \\n \\\\ \\" \\\' \\` \\x41 \\xff \\x4 \\101 \\377 \\400 \\08 \\u00e9',
        ),
        ...words('\\ud800 \\U0001F600 \\U00110000 \\d \\z \\ \' " ` # { ) $1 .* ( [ \\u12 \\a \\e'),
        ...[' ', '\n', '\t', '\r', '\ufffd', '\u0000'],
      ),
      { maxLength: 4 },
    ),
  )
  .map(([quote, pieces]) => `${quote}${pieces.join('')}${quote}`);

/** Mostly valid tokens: a single error makes the whole query invalid, and a query has many tokens. */
function mostly(usual: fc.Arbitrary<string>, unusual: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ arbitrary: usual, weight: 24 }, { arbitrary: unusual, weight: 1 });
}

/** One or several tokens of what may stand between `[` and `]` or after `offset`. */
const durationText = fc
  .tuple(
    fc.array(fc.constantFrom(...DURATION_TOKENS), { minLength: 1, maxLength: 5 }),
    fc.constantFrom('', ' '),
  )
  .map(([tokens, space]) => tokens.join(space));

const amount = mostly(
  fc.constantFrom('5m', '1h30m', '30s', '5m', '1h', '300'),
  fc.oneof(fc.constantFrom(...AMOUNTS), numeral, duration),
);

const label = mostly(
  fc.constantFrom('a', 'pod', 'namespace', 'le'),
  fc.oneof(fc.constantFrom(...LABELS), keyword, stringLiteral),
);

const labelList = fc
  .tuple(fc.array(label, { maxLength: 3 }), mostly(fc.constant(''), fc.constantFrom(',', ',,')))
  .map(([labels, comma]) => `(${labels.join(', ')}${comma})`);

const matcher = fc
  .tuple(
    label,
    mostly(fc.constantFrom('=', '!=', '=~', '!~'), fc.constantFrom('==', ':', '>')),
    mostly(
      fc.constantFrom('"x"', '""', "'y'", '`z`', '".*"', '"a|b"', '"\\d+"'),
      fc.oneof(fc.constantFrom('"("', 'x', '5', '"d"', '"["'), stringLiteral),
    ),
  )
  .map((parts) => parts.join(''));

const selector = fc.oneof(
  {
    arbitrary: mostly(
      fc.constantFrom('up', 'up{a="b"}', 'a:b', '{a="b"}'),
      fc.oneof(
        keyword,
        fc.constantFrom('::', ':', ':a', 'a:', '_', '{"up"}', "{'a.b'}", '{`up`,a="b"}', '{""}'),
        stringLiteral.map((text) => `{${text}}`),
      ),
    ),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(
        mostly(fc.constantFrom('up', 'up', ''), keyword),
        fc.array(mostly(matcher, fc.oneof(stringLiteral, label, fc.constant('"up"'))), {
          maxLength: 3,
        }),
        fc.constantFrom('', '', '', ','),
      )
      .map(([name, matchers, comma]) => `${name}{${matchers.join(',')}${comma}}`),
    weight: 1,
  },
);

const TIMES = [
  ...words(
    '5 start() end() -5 1e3 1.5e9 +5 Inf 5m up (5) step() NaN START() End() 0x10 1_000 -Inf',
  ),
  ...words(
    '1e30 -1e30 1e18 9223372036854775 9223372036854776 1h30m -5m .5 start end -NaN start(5)',
  ),
  ...['- 5', 'start ()', '- 1e3', 'start() offset 5m', '5 offset -5m', '-# c\n5', '- -5', '"5"'],
];

const modifier = mostly(
  fc.oneof(
    amount.map((text) => `offset ${text}`),
    fc.constantFrom('@ 5', '@ start()', '@ end()', '@ -5', '@ 1e3', '@ 1.5e9', '@ +5', '@5'),
  ),
  fc.oneof(
    fc.constantFrom('smoothed', 'anchored', 'OFFSET 5m', 'offset 5m @ 5', 'offset 5m offset 5m'),
    fc.constantFrom(...TIMES).map((text) => `@ ${text}`),
    numeral.map((text) => `@ ${text}`),
    durationText.map((text) => `offset ${text}`),
    fc.tuple(keyword, amount).map((parts) => parts.join(' ')),
  ),
);

const matching = mostly(
  fc.oneof(
    fc.constant(''),
    fc
      .tuple(
        mostly(fc.constantFrom('on', 'ignoring'), fc.constantFrom('bool on', 'by', '')),
        labelList,
        mostly(
          fc.constantFrom('', '', '', 'group_left', 'group_right', 'group_left (c)'),
          fc.oneof(
            fc.constantFrom(
              'group_right ("d")',
              'group_left a',
              'group_left (a:b)',
              'group_left()',
            ),
            labelList.map((labels) => `group_right ${labels}`),
            keyword,
          ),
        ),
        mostly(
          fc.constant(''),
          fc.constantFrom('fill (0)', 'fill_left (1) fill_right (2)', 'fill (x)'),
        ),
      )
      .map((parts) => parts.join(' ')),
  ),
  fc.oneof(
    fc.constantFrom('bool', 'bool', 'fill (0)', 'fill_right (Inf)', 'group_left', 'group_left (a)'),
    keyword,
  ),
);

const operator = mostly(
  fc.constantFrom(
    ...['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', 'and', 'or', 'unless'],
    ...['> bool', 'atan2'],
  ),
  fc.constantFrom('AND', 'Unless', '=', '=~', '</', '>/', '<>', 'Atan2', 'and bool', '=='),
);

const number = mostly(
  fc.constantFrom('1', '0', '.5', '1.', '1e3', '0x1F', '0X1f', 'time()', 'pi()'),
  fc.oneof(numeral, duration),
);

const AGGREGATORS = [...AGGREGATIONS.keys(), 'SUM', 'CountValues', 'mean'];

const string = mostly(
  fc.constantFrom('"a"', '"a"', "'b.c'", '""', '"("', '`$1`'),
  fc.oneof(stringLiteral, fc.constant('("a")')),
);

type Ties = Record<'scalar' | 'vector' | 'matrix' | 'any', string>;

/** Queries by the grammar: most of them have the types that they need. */
const { any: grammatical } = fc.letrec<Ties>((tie) => {
  const ofType = (type: ExpressionType): fc.Arbitrary<string> =>
    type === 'string' ? string : tie(type);
  const rightOrAny = (type: ExpressionType): fc.Arbitrary<string> =>
    mostly(ofType(type), tie('any'));
  const calls = [...FUNCTIONS].map(([name, { parameters, least, most }]) => {
    const last = parameters.at(-1) ?? 'scalar';
    const few = Math.max(least, Math.min(most, parameters.length + 1));
    const all = Array.from({ length: few }, (_, index) => rightOrAny(parameters[index] ?? last));
    return fc
      .tuple(
        fc.tuple(...all),
        mostly(fc.constantFrom(`${few}`, `${least}`), fc.constant(`${least - 1}`)),
      )
      .map(([given, count]) => `${name}(${given.slice(0, Math.max(0, Number(count))).join(', ')})`);
  });
  const aggregations = AGGREGATORS.map((name) => {
    const parameters = AGGREGATIONS.get(name.toLowerCase())?.parameters ?? ['vector'];
    return fc
      .tuple(
        fc.tuple(...parameters.map(rightOrAny)),
        fc.oneof(
          fc.constant(''),
          fc
            .tuple(fc.constantFrom('by', 'without', 'BY'), labelList)
            .map((parts) => parts.join(' ')),
        ),
        fc.boolean(),
      )
      .map(([given, by, isFirst]) =>
        isFirst ? `${name} ${by} (${given.join(', ')})` : `${name}(${given.join(', ')}) ${by}`,
      );
  });
  return {
    scalar: fc.oneof(
      { depthSize: 'small' },
      number,
      fc
        .tuple(tie('scalar'), fc.constantFrom('+', '-', '^', '> bool', '== bool'), tie('scalar'))
        .map((parts) => parts.join(' ')),
      tie('vector').map((inner) => `scalar(${inner})`),
      tie('scalar').map((inner) => `-(${inner})`),
    ),
    vector: fc.oneof(
      { depthSize: 'small' },
      { arbitrary: selector, weight: 4 },
      { arbitrary: fc.tuple(selector, modifier).map((parts) => parts.join(' ')), weight: 1 },
      { arbitrary: fc.oneof(...calls), weight: 6 },
      { arbitrary: fc.oneof(...aggregations), weight: 5 },
      {
        arbitrary: fc
          .tuple(rightOrAny('vector'), operator, matching, rightOrAny('vector'))
          .map((parts) => parts.join(' ')),
        weight: 3,
      },
      { arbitrary: tie('vector').map((inner) => `(${inner})`), weight: 1 },
      { arbitrary: tie('vector').map((inner) => `-${inner}`), weight: 1 },
    ),
    matrix: fc.oneof(
      { depthSize: 'small' },
      fc
        .tuple(selector, mostly(amount, durationText))
        .map(([inner, range]) => `${inner}[${range}]`),
      fc
        .tuple(selector, amount, modifier)
        .map(([inner, range, shift]) => `${inner}[${range}] ${shift}`),
      fc
        .tuple(tie('vector'), amount, fc.oneof(fc.constant(''), amount))
        .map(([inner, range, step]) => `(${inner})[${range}:${step}]`),
    ),
    any: fc.oneof(
      { depthSize: 'small' },
      { arbitrary: tie('vector'), weight: 6 },
      { arbitrary: tie('matrix'), weight: 2 },
      { arbitrary: tie('scalar'), weight: 1 },
      { arbitrary: fc.constantFrom('"a"', "'b'", '`c`'), weight: 1 },
    ),
  };
});

const range = fc.oneof(
  durationText.map((text) => `up[${text}]`),
  durationText.map((text) => `up offset ${text}`),
  fc.tuple(durationText, durationText).map(([a, b]) => `up[${a}:${b}]`),
);

const BLANKS = ['', ' ', ' ', ' ', '\n', '\t', '\r', '# c\n', ' # c\n ', '#\r', '#"\n'];

const INSERTED = [
  ...['(', ')', '[', ']', '{', '}', ',', ':', '=', '!=', '=~', '+', '-', '^', '==', '@', '# c\n'],
  ...['up', '5m', '1', '"a"', 'by', 'on', 'bool', 'offset', 'sum', 'rate', 'le', ' ', '\n', '\r'],
  ...['$', '!', ';', 'é', '\\', '"', '`', '.', '_', '0', '# c', '\f', '\v', '\u00a0', '\ufeff'],
  ...['[5m]', '[5m:]', 'offset 5m', '@ 5', '()', '(a)', '{}', '{a="b"}', 'sum(', '((', '))', '- -'],
  ...['nosuch(', 'limitk(1, up)', 'limit_ratio(-.5, up)', 'by (a)', 'on ()', 'group_left', '+ +'],
];

interface Change {
  readonly kind: 'leave out' | 'repeat' | 'insert' | 'replace' | 'swap' | 'recase' | 'respace';
  readonly place: number;
  readonly text: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(
    ...(['leave out', 'repeat', 'insert', 'replace', 'swap', 'recase', 'respace'] as const),
  ),
  place: fc.nat(1000),
  text: fc.oneof(
    { arbitrary: fc.constantFrom(...INSERTED), weight: 3 },
    { arbitrary: fc.oneof(keyword, numeral, duration, stringLiteral), weight: 1 },
  ),
});

/** Puts a change to one token of a query, with the white space between tokens as it is. */
function changed(query: string, { kind, place, text }: Change): string {
  const { tokens } = tokenize(query);
  const index = tokens.length === 0 ? 0 : place % tokens.length;
  const token = tokens[index];
  if (token === undefined) return text;
  const before = query.slice(0, token.from);
  const after = query.slice(token.to);
  switch (kind) {
    case 'leave out':
      return before + after;
    case 'repeat':
      return `${before}${token.text} ${token.text}${after}`;
    case 'insert':
      return `${before}${text} ${token.text}${after}`;
    case 'replace':
      return before + text + after;
    case 'recase':
      return before + token.text.toUpperCase() + after;
    case 'respace':
      return `${before.trimEnd()}${BLANKS[place % BLANKS.length]}${token.text}${after}`;
    case 'swap': {
      const next = tokens[index + 1];
      if (next === undefined) return before + after;
      const between = query.slice(token.to, next.from);
      return before + next.text + between + token.text + query.slice(next.to);
    }
  }
}

const mutated = fc
  .tuple(
    fc.oneof(grammatical, fc.constantFrom(...handwritten.queries)),
    fc.array(change, { minLength: 1, maxLength: 2 }),
  )
  .map(([query, changes]) => changes.reduce(changed, query));

/** One or two characters left out, repeated, put in or replaced: what cuts a text into tokens. */
const edited = fc
  .tuple(
    fc.oneof(grammatical, fc.constantFrom(...handwritten.queries)),
    fc.array(
      fc.record({
        place: fc.nat(1000),
        removed: fc.nat(1),
        put: fc.oneof(
          fc.constantFrom(
            '',
            ...' \n\t\r#0159_.:exXmsbhdwyINFnafupo+-*/%^=!<>~@(){}[],"\'`\\$;&|?é',
          ),
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([query, edits]) =>
    edits.reduce((text, { place, removed, put }) => {
      const from = text === '' ? 0 : place % text.length;
      return text.slice(0, from) + put + text.slice(from + removed);
    }, query),
  );

/** A few tokens of all kinds. */
const soup = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.constantFrom(...INSERTED),
        keyword,
        numeral,
        duration,
        fc.constantFrom(
          ...words('up a ( ) [ ] + - == @ offset by on "a" 5m 1 { } , : and or bool'),
        ),
      ),
      { minLength: 1, maxLength: 7 },
    ),
    fc.constantFrom('', ' ', ' '),
  )
  .map(([tokens, space]) => tokens.join(space));

/** Other blanks, and comments, between all tokens. */
const respaced = fc
  .tuple(grammatical, fc.array(fc.constantFrom(...BLANKS), { minLength: 1, maxLength: 7 }))
  .map(([query, blanks]) =>
    tokenize(query)
      .tokens.map(({ text }, index) => text + blanks[index % blanks.length])
      .join(''),
  );

/** Well-formed and not so well-formed queries, none of them long. */
export const queryArbitrary: fc.Arbitrary<string> = fc
  .oneof(
    { arbitrary: grammatical, weight: 6 },
    { arbitrary: mutated, weight: 4 },
    { arbitrary: range, weight: 1 },
    { arbitrary: edited, weight: 2 },
    { arbitrary: soup, weight: 1 },
    { arbitrary: respaced, weight: 1 },
  )
  .filter((query) => query.length <= 120 && query.isWellFormed());

/** Texts that may be a selector of series. */
export const selectorArbitrary: fc.Arbitrary<string> = fc
  .oneof(
    { arbitrary: selector, weight: 3 },
    {
      arbitrary: fc.tuple(selector, change).map(([text, change]) => changed(text, change)),
      weight: 3,
    },
    { arbitrary: fc.tuple(selector, modifier).map((parts) => parts.join(' ')), weight: 1 },
  )
  .filter((text) => text.length <= 160 && text.isWellFormed());

/** Chains of operators without parentheses, for their precedence. */
export const chainArbitrary: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b{c="d"}', 'sum(e) by (f)', '-g', '2', 'h offset 5m', '(i)', '-j[5m:]'),
      fc.constantFrom(
        ...['+', '-', '*', '/', '%', '^', '^', '==', '>=', '< bool', 'and', 'or', 'unless'],
        ...['atan2', '* on (k)', '/ ignoring (l) group_left (m)', 'or on ()', 'OR', '^ -'],
      ),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((links) => `${links.map((link) => link.join(' ')).join(' ')} a`);

function words(...lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
