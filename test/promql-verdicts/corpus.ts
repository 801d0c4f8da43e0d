// Queries that Prometheus is asked to judge: well-formed ones of all kinds, and others that differ
// from those by a token or two.
import fc from 'fast-check';
import { AGGREGATIONS, type ExpressionType, FUNCTIONS } from '../../src/promql/functions.ts';
import { tokenize } from '../../src/promql/tokens.ts';
import handwritten from './handwritten.json' with { type: 'json' };

const KEYWORDS = [
  ...['and', 'or', 'unless', 'atan2', 'bool', 'offset', 'by', 'without', 'on', 'ignoring', 'inf'],
  ...['group_left', 'group_right', 'sum', 'topk', 'count_values', 'start', 'end', 'step', 'range'],
  ...[
    'nan',
    'fill',
    'fill_left',
    'anchored',
    'smoothed',
    'min_of',
    'limitk',
    'limit_ratio',
    'info',
  ],
];

const DURATION_TOKENS = [
  ...['5m', '5m', '1h30m', '30s', '0s', '5', '0', '1.5', '1e3', '-1', 'min', 'max', 'min_of'],
  ...['max_of', 'step', 'step()', 'range()', '(', ')', '(', ')', ',', '+', '-', '*', '/', '%', '^'],
  ...[
    ':',
    ':',
    '5m30m',
    '1y2w',
    '5mm',
    'x',
    'Inf',
    'NaN',
    '0x10',
    '"5m"',
    '1_000',
    'm',
    '>',
    '5ms',
  ],
];

const LABELS = [...'a b pod namespace le __name__'.split(' '), ...KEYWORDS, '"a.b"', '"pod"', '""'];

const AMOUNTS = [
  ...[
    '5m',
    '5m',
    '5m',
    '1h30m',
    '300',
    '0',
    '0s',
    '1.5',
    '-5m',
    '- 5m',
    '(5m)',
    '5m + 1m',
    '2 * 5m',
  ],
  ...[
    'step()',
    'min_of(5m, 1m)',
    'min(5m, 1m)',
    '-(5m)',
    '5m ^ 2',
    '1y',
    '1ms',
    '300y',
    '1e3',
    '+5m',
  ],
];

const NUMBERS = [
  ...[
    '1',
    '0',
    '.5',
    '1.',
    '1e3',
    '0x1F',
    '0X1f',
    '1_000',
    '5m',
    '1h30m',
    'Inf',
    'NaN',
    '+Inf',
    '-1',
  ],
  ...['inf', 'nAn', '0b1', '1e', '08', '0o7', '1__0', '5m30m', '0x', '1d', 'time()', 'pi()'],
];

/** Mostly what Prometheus takes: one slip makes the whole query wrong, and there are many places. */
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
  fc.constantFrom(...AMOUNTS),
);

const label = mostly(fc.constantFrom('a', 'pod', 'namespace', 'le'), fc.constantFrom(...LABELS));

const labelList = fc.array(label, { maxLength: 3 }).map((labels) => `(${labels.join(', ')})`);

const matcher = fc
  .tuple(
    label,
    mostly(fc.constantFrom('=', '!=', '=~', '!~'), fc.constantFrom('==', ':', '>')),
    mostly(
      fc.constantFrom('"x"', '""', "'y'", '`z`', '".*"', '"a|b"', '"\\d+"'),
      fc.constantFrom('"("', 'x', '5', '"d"', '"["'),
    ),
  )
  .map((parts) => parts.join(''));

const selector = fc.oneof(
  {
    arbitrary: mostly(
      fc.constantFrom('up', 'up{a="b"}', 'a:b', '{a="b"}'),
      fc.constantFrom(...KEYWORDS),
    ),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(
        mostly(fc.constantFrom('up', 'up', ''), fc.constantFrom(...KEYWORDS)),
        fc.array(mostly(matcher, fc.constantFrom('"up"', '"a.b"', 'a')), { maxLength: 3 }),
        fc.constantFrom('', '', '', ','),
      )
      .map(([name, matchers, comma]) => `${name}{${matchers.join(',')}${comma}}`),
    weight: 1,
  },
);

const modifier = mostly(
  fc.oneof(
    amount.map((text) => `offset ${text}`),
    fc.constantFrom('@ 5', '@ start()', '@ end()', '@ -5', '@ 1e3', '@ 1.5e9', '@ +5'),
  ),
  fc.oneof(
    fc.constantFrom('@ Inf', '@ 5m', '@ up', 'smoothed', '@ (5)', '@ step()', 'anchored', '@ NaN'),
    durationText.map((text) => `offset ${text}`),
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
          fc.constantFrom('group_right ("d")', 'group_left a', 'group_left (a:b)'),
        ),
        mostly(
          fc.constant(''),
          fc.constantFrom('fill (0)', 'fill_left (1) fill_right (2)', 'fill (x)'),
        ),
      )
      .map((parts) => parts.join(' ')),
  ),
  fc.constantFrom('bool', 'bool', 'fill (0)', 'fill_right (Inf)', 'group_left'),
);

const operator = mostly(
  fc.constantFrom(
    ...['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', 'and', 'or', 'unless'],
    ...['> bool', 'atan2'],
  ),
  fc.constantFrom('AND', 'Unless', '=', '=~', '</', '>/', '<>', 'Atan2', 'and bool', '=='),
);

const number = mostly(fc.constantFrom(...NUMBERS.slice(0, 8)), fc.constantFrom(...NUMBERS));

const AGGREGATORS = [...AGGREGATIONS.keys(), 'SUM', 'CountValues', 'mean'];

const string = fc.constantFrom('"a"', '"a"', "'b.c'", '""', '"("');

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

const INSERTED = [
  ...['(', ')', '[', ']', '{', '}', ',', ':', '=', '!=', '=~', '+', '-', '^', '==', '@', '# c\n'],
  ...['up', '5m', '1', '"a"', 'by', 'on', 'bool', 'offset', 'sum', 'rate', 'le', ' ', '\n', '\r'],
  ...['$', '!', ';', 'é', '\\', '"', '`', '.', '_', '0'],
];

interface Change {
  readonly kind: 'leave out' | 'repeat' | 'insert' | 'replace' | 'swap';
  readonly place: number;
  readonly text: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('leave out', 'repeat', 'insert', 'replace', 'swap'),
  place: fc.nat(1000),
  text: fc.constantFrom(...INSERTED),
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

/**
 * Arithmetic after an offset in parentheses or with two signs: Prometheus 3.5 takes it for a part of
 * the duration, which only `promql-duration-expr` allows. Our check takes it for an operator.
 */
const CALCULATED_OFFSET = /\boffset\s*(?:\(|[-+]\s*[-+(]).*[-+*/%^]/is;

/** Well-formed and not so well-formed queries, none of them long. */
export const queryArbitrary: fc.Arbitrary<string> = fc
  .oneof(
    { arbitrary: grammatical, weight: 6 },
    { arbitrary: mutated, weight: 4 },
    { arbitrary: range, weight: 1 },
  )
  .filter((query) => query.length <= 120 && query.isWellFormed() && !CALCULATED_OFFSET.test(query));

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
