import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import {
  formatLabelSelector,
  type LabelSelector,
  type LabelSelectorObject,
  type Requirement,
  SelectorError,
  selectorMatches,
  toLabelSelectorObject,
} from './label-selector.ts';
import { parseLabelSelector } from './label-selector-parser.ts';

interface RecordedCase {
  readonly request: { readonly path: string };
  readonly status: number;
  readonly body: {
    readonly message?: string;
    readonly items?: readonly {
      readonly metric?: { readonly selector: LabelSelectorObject | null };
      readonly describedObject?: { readonly name: string };
    }[];
  };
  readonly queries: readonly string[];
}

function goldenText(file: string): string {
  return readFileSync(new URL(`../../test/golden/data/${file}`, import.meta.url), 'utf8');
}

const recorded = ['05-names', '10-external', '13-stock', '15-selectors'].flatMap(
  (name): RecordedCase[] => JSON.parse(goldenText(`cases/${name}.json`)),
);

/** The recorded requests that have a parameter, with its (first) value. */
function recordedWith(parameter: string): { text: string; answer: RecordedCase }[] {
  return recorded.flatMap((answer) => {
    const query = new URL(answer.request.path, 'https://adapter').searchParams;
    const text = query.get(parameter);
    return text === null ? [] : { text, answer };
  });
}

/** Whether a message of the reference comes from its parser of selectors. */
function isParserMessage(message: string | undefined): message is string {
  return /^(unable to parse requirement: |found ')/.test(message ?? '');
}

describe('recorded answers of the reference', () => {
  const both = [
    ...recordedWith('labelSelector'),
    ...recordedWith('metricLabelSelector').filter(({ answer }) =>
      answer.request.path.includes('/custom.metrics'),
    ),
  ];
  const refused = both.filter(({ answer }) => isParserMessage(answer.body.message));
  const taken = both.filter(({ answer }) => !isParserMessage(answer.body.message));

  it('exist in sufficient number', () => {
    expect(refused.length).toBeGreaterThanOrEqual(14);
    expect(taken.length).toBeGreaterThanOrEqual(60);
  });

  it.each(refused)('rejects "$text" in the same words', ({ text, answer }) => {
    expect(() => parseLabelSelector(text)).toThrow(new SelectorError(answer.body.message));
  });

  it.each(taken)('takes "$text"', ({ text }) => {
    const selector = parseLabelSelector(text);
    expect(parseLabelSelector(formatLabelSelector(selector))).toEqual(selector);
  });

  const objects = recordedWith('metricLabelSelector').flatMap(({ text, answer }) => {
    const [item] = answer.body.items ?? [];
    const selector = item?.metric?.selector;
    return selector ? { text, selector } : [];
  });

  it('include many metric selectors', () => {
    expect(objects.length).toBeGreaterThanOrEqual(20);
  });

  it.each(objects)('writes "$text" as the same object', ({ text, selector }) => {
    const ours = toLabelSelectorObject(parseLabelSelector(text));
    expect(JSON.stringify(ours)).toBe(JSON.stringify(selector));
  });
});

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

describe('selection of the recorded pods', () => {
  const objects: KubernetesObject[] = JSON.parse(
    JSON.stringify(loadAll(goldenText('objects.yaml'))),
  );
  const pods = objects.filter(
    ({ kind, metadata }) => kind === 'Pod' && metadata.namespace === 'shop',
  );
  const cases = recordedWith('labelSelector').flatMap(({ text, answer }) => {
    const names = /pod=~?"([^"]*)"/.exec(answer.queries[0] ?? '')?.[1];
    return names !== undefined && answer.request.path.includes('/shop/pods/*/sel')
      ? { text, names: names.split('|') }
      : [];
  });

  it('has cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(14);
  });

  it.each(cases)('"$text" selects $names', ({ text, names }) => {
    const selector = parseLabelSelector(text);
    const selected = pods.filter(({ metadata }) =>
      selectorMatches(selector, metadata.labels ?? {}),
    );
    expect(selected.map(({ metadata }) => metadata.name).sort()).toEqual(names.toSorted());
  });
});

describe('parseLabelSelector', () => {
  it('parses the empty text to a selector of everything', () => {
    expect(parseLabelSelector('')).toEqual([]);
    expect(parseLabelSelector(' \t\r\n')).toEqual([]);
  });

  it.each<[string, Requirement]>([
    ['a', { key: 'a', operator: 'exists', values: [] }],
    ['! a', { key: 'a', operator: '!', values: [] }],
    ['a=', { key: 'a', operator: '=', values: [''] }],
    ['a==b', { key: 'a', operator: '==', values: ['b'] }],
    ['a != b', { key: 'a', operator: '!=', values: ['b'] }],
    ['a>1', { key: 'a', operator: 'gt', values: ['1'] }],
    ['a<007', { key: 'a', operator: 'lt', values: ['007'] }],
    ['a in(c,b,c)', { key: 'a', operator: 'in', values: ['b', 'c'] }],
    ['a notin ( )', { key: 'a', operator: 'notin', values: [''] }],
    ['a in (,b)', { key: 'a', operator: 'in', values: ['', 'b'] }],
    ['a in (b,,c)', { key: 'a', operator: 'in', values: ['', 'b', 'c'] }],
    ['a in (,,,)', { key: 'a', operator: 'in', values: [''] }],
    ['in in (in,notin)', { key: 'in', operator: 'in', values: ['in', 'notin'] }],
    ['!notin', { key: 'notin', operator: '!', values: [] }],
    ['in=notin', { key: 'in', operator: '=', values: ['notin'] }],
    ['example.com/Name_1=x', { key: 'example.com/Name_1', operator: '=', values: ['x'] }],
  ])('reads %j', (text, requirement) => {
    expect(parseLabelSelector(text)).toEqual([requirement]);
  });

  it('sorts by key and keeps the order within a key', () => {
    const keys = parseLabelSelector('b=2,a in (x),b=1,!a').map(({ key, operator, values }) =>
      [key, operator, ...values].join(' '),
    );
    expect(keys).toEqual(['a in x', 'a !', 'b = 2', 'b = 1']);
  });

  const operators = 'in, notin, =, ==, !=, gt, lt';
  const name =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const value =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  const integer = "for 'Gt', 'Lt' operators, the value must be an integer";

  it.each([
    ['=x', "found '=', expected: !, identifier, or 'end of string'"],
    ['a,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!!a', "unable to parse requirement: found '!', expected: identifier"],
    ['a b', `unable to parse requirement: found 'b', expected: ${operators}`],
    ['a(b)', `unable to parse requirement: found '(', expected: ${operators}`],
    ['a!', `unable to parse requirement: found '!', expected: ${operators}`],
    ['a==(b)', "unable to parse requirement: found '(', expected: identifier"],
    ['a===b', "unable to parse requirement: found '=', expected: identifier"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (=', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
    ['a in (b,', "unable to parse requirement: found '', expected: ',', or identifier"],
    ['a in (b,,)', "unable to parse requirement: found ')', expected: ',', or identifier"],
    ['a.=b', `unable to parse requirement: <nil>: Invalid value: "a.": ${name}`],
    [
      'a/=b',
      `unable to parse requirement: <nil>: Invalid value: "a/": name part must be non-empty; ${name}`,
    ],
    [
      '/a',
      'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
    ],
    [
      'A/a',
      `unable to parse requirement: <nil>: Invalid value: "A/a": prefix part a DNS-1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ],
    [
      'a/b/c',
      `unable to parse requirement: <nil>: Invalid value: "a/b/c": a qualified ${name.replace('part ', '')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
    [
      `${'p'.repeat(254)}/${'n'.repeat(64)}`,
      `unable to parse requirement: <nil>: Invalid value: "${'p'.repeat(200)}…": prefix part must be no more than 253 characters; name part must be no more than 63 characters`,
    ],
    ['a>', `unable to parse requirement: values[0]: Invalid value: "": ${integer}`],
    [
      'a>9223372036854775808',
      `unable to parse requirement: values[0]: Invalid value: "9223372036854775808": ${integer}`,
    ],
    ['a<-1', `unable to parse requirement: values[0][a]: Invalid value: "-1": ${value}`],
    [
      'a<-x',
      `unable to parse requirement: [values[0]: Invalid value: "-x": ${integer}, values[0][a]: Invalid value: "-x": ${value}]`,
    ],
    [
      'a in (c,b|,d:)',
      `unable to parse requirement: [values[0][a]: Invalid value: "b|": ${value}, values[2][a]: Invalid value: "d:": ${value}]`,
    ],
    [
      // 32 characters, 64 bytes
      `a=${'ä'.repeat(32)}`,
      `unable to parse requirement: values[0][a]: Invalid value: "${'ä'.repeat(32)}": must be no more than 63 characters; ${value}`,
    ],
    // The reference stops reading at NUL and would take these for `a=` and for `a`.
    ['a=\0', `unable to parse requirement: values[0][a]: Invalid value: "\\u0000": ${value}`],
    ['a\0,b', `unable to parse requirement: <nil>: Invalid value: "a\\u0000": ${name}`],
  ])('rejects %j', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(new SelectorError(message));
  });

  it('accepts keys and values of the maximum length', () => {
    const key = `${'p'.repeat(253)}/${'n'.repeat(63)}`;
    const values = ['v'.repeat(63)];
    expect(parseLabelSelector(`${key}=${values[0]}`)).toEqual([{ key, operator: '=', values }]);
  });
});

const labelName = fc
  .stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,12}[A-Za-z0-9])?$/)
  .filter((text) => text.length <= 63);
const labelKey = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'in', 'notin', 'x.y/z') },
  labelName,
  fc.tuple(fc.constantFrom('example.com', '1-2.k8s.io'), labelName).map((parts) => parts.join('/')),
);
const labelValue = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', '1', '2', '10', 'x', 'in', 'notin') },
  labelName,
);
const integerValue = fc.bigInt(0n, 2n ** 63n - 1n).map(String);

function sortedDistinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** A requirement together with one of the texts for it. */
const requirementText: fc.Arbitrary<{ requirement: Requirement; text: string }> = fc
  .record({
    key: labelKey,
    operator: fc.constantFrom('=', '==', '!=', 'in', 'notin', 'exists', '!', 'gt', 'lt'),
    list: fc.array(labelValue, { maxLength: 4 }),
    integer: integerValue,
    blank: fc.constantFrom('', ' ', '\t', '\r\n  '),
  })
  .map(({ key, operator, list, integer, blank }) => {
    const [value = ''] = list;
    switch (operator) {
      case 'in':
      case 'notin': {
        const values = sortedDistinct(list.length === 0 ? [''] : list);
        // Written out of order and twice, but for the empty value, which may stand once and first.
        const rest = values.filter((each) => each !== '');
        const items = [...(values.includes('') ? [''] : []), ...rest.toReversed(), ...rest];
        const separator = `${blank},${blank}`;
        const text = `${key}\n${operator}${blank}(${blank}${items.join(separator)}${blank})`;
        return { requirement: { key, operator, values }, text };
      }
      case 'exists':
        return { requirement: { key, operator, values: [] }, text: `${key}${blank}` };
      case '!':
        return { requirement: { key, operator, values: [] }, text: `!${blank}${key}${blank}` };
      case 'gt':
      case 'lt': {
        const symbol = operator === 'gt' ? '>' : '<';
        const text = `${key}${blank}${symbol}${blank}${integer}${blank}`;
        return { requirement: { key, operator, values: [integer] }, text };
      }
      default: {
        const text = `${blank}${key}${blank}${operator}${blank}${value}${blank}`;
        return { requirement: { key, operator, values: [value] }, text };
      }
    }
  });

const selectorText = fc.array(requirementText, { maxLength: 5 }).map((parts) => ({
  text: parts.map(({ text }) => text).join(','),
  selector: parts
    .map(({ requirement }) => requirement)
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))),
}));

const selectors: fc.Arbitrary<LabelSelector> = selectorText.map(({ selector }) => selector);

const fragment = fc.constantFrom(
  ...[
    'a',
    'b',
    'in',
    'notin',
    'x/y',
    '1',
    '-',
    'ä',
    ' ',
    '\t',
    ' in (',
    ' notin (',
    '"',
    '|',
    '\0',
  ],
  ...[',', ',,', '(', ')', '=', '==', '!=', '!', '<', '>'],
);

/** Text of the parts of selectors, mostly in the wrong order. */
const jumble = fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join(''));

/** A selector with something put in or left out at one place. */
const disturbed = fc
  .tuple(selectorText, fc.nat(), fc.nat({ max: 2 }), fc.option(fragment, { nil: '' }))
  .map(([{ text }, position, length, inserted]) => {
    const start = position % (text.length + 1);
    return text.slice(0, start) + inserted + text.slice(start + length);
  });

const nearlySelector = fc.oneof(jumble, disturbed);

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?';
const BLANK = '[ \\t\\r\\n]*';
const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const KEY = `(?:${DNS_LABEL}(?:[.]${DNS_LABEL})*/)?${NAME}`;
const LIST = `(?:${BLANK}(?:,|${NAME}(?=[ \\t\\r\\n,)])))*${BLANK}`;
const GRAMMAR = new RegExp(
  `^${BLANK}(?:${[
    `!${BLANK}${KEY}`,
    `${KEY}(?:${BLANK}(?:==?|!=)${BLANK}(?:${NAME})?)?`,
    `${KEY}${BLANK}[<>]${BLANK}(?<integer>[0-9]+)`,
    `${KEY}[ \\t\\r\\n]+(?:not)?in${BLANK}\\((?<list>${LIST})\\)`,
  ].join('|')})${BLANK}$`,
);

/** The same grammar as a regular expression for one requirement (of less than 64 characters a name). */
function inGrammar(text: string): boolean {
  if (/^[ \t\r\n]*$/.test(text)) {
    return true;
  }
  return splitOutsideParentheses(text).every((part) => {
    const groups = GRAMMAR.exec(part)?.groups;
    const { list = '', integer = '0' } = groups ?? {};
    return groups !== undefined && isValueList(list.trim()) && BigInt(integer) < 2n ** 63n;
  });
}

function splitOutsideParentheses(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    if (character === ',' && depth === 0) {
      parts.push('');
    } else {
      parts.push(`${parts.pop() ?? ''}${character}`);
    }
  }
  return parts;
}

/** No two values without a comma between, and not an even number of commas at the end. */
function isValueList(list: string): boolean {
  const dense = list.replaceAll(/[ \t\r\n]*,[ \t\r\n]*/g, ',');
  const commasAtEnd = /,*$/.exec(dense)?.[0].length ?? 0;
  return !/[ \t\r\n]/.test(dense) && (commasAtEnd === 0 || commasAtEnd % 2 === 1);
}

function parses(text: string): boolean {
  try {
    parseLabelSelector(text);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SelectorError);
    return false;
  }
}

describe('grammar', () => {
  it('parses a formatted selector with any blanks and order', () => {
    fc.assert(
      fc.property(selectorText, ({ text, selector }) => {
        expect(parseLabelSelector(text)).toEqual(selector);
      }),
    );
  });

  it('parses its own output', () => {
    fc.assert(
      fc.property(selectors, (selector) => {
        const text = formatLabelSelector(selector);
        expect(parseLabelSelector(text)).toEqual(selector);
        expect(formatLabelSelector(parseLabelSelector(text))).toBe(text);
      }),
    );
  });

  it('accepts exactly the texts of the grammar', () => {
    fc.assert(
      fc.property(nearlySelector, (text) => {
        expect(parses(text)).toBe(inGrammar(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('throws only SelectorErrors', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearlySelector), (text) => {
        if (parses(text)) {
          const selector = parseLabelSelector(text);
          expect(parseLabelSelector(formatLabelSelector(selector))).toEqual(selector);
        }
      }),
    );
  });

  it('parses long texts', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `k${index} in (a,b)`);
    expect(parseLabelSelector(many.join(','))).toHaveLength(20_000);
    expect(parses('('.repeat(100_000))).toBe(false);
    expect(parses('a-'.repeat(100_000))).toBe(false);
    expect(parses(`a>${'0'.repeat(100_000)}x`)).toBe(false);
  });
});

const labels = fc.dictionary(labelKey, fc.oneof(labelValue, integerValue), { maxKeys: 5 });

/** The meaning of a requirement in terms of sets and numbers, independent of the code under test. */
function modelMatches(
  { key, operator, values }: Requirement,
  present: Map<string, string>,
): boolean {
  const actual = new Set(present.has(key) ? [present.get(key)] : []);
  const common = values.filter((value) => actual.has(value)).length;
  const integers = [...actual].filter((text) => /^[0-9]+$/.test(text ?? '')).map(Number);
  const model: Record<Requirement['operator'], boolean> = {
    '=': common === 1,
    '==': common === 1,
    in: common === 1,
    '!=': common === 0,
    notin: common === 0,
    exists: actual.size === 1,
    '!': actual.size === 0,
    gt: integers.some((integer) => integer > Number(values[0])),
    lt: integers.some((integer) => integer < Number(values[0])),
  };
  return model[operator];
}

/** The meaning of a LabelSelector object by the documentation of meta/v1. */
function objectMatches(object: LabelSelectorObject, present: Map<string, string>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = object;
  const equal = Object.entries(matchLabels).every(([key, value]) => present.get(key) === value);
  return (
    equal &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const among = values.some((value) => value === present.get(key));
      switch (operator) {
        case 'In':
          return among;
        case 'NotIn':
          return !among;
        case 'Exists':
          return present.has(key);
        case 'DoesNotExist':
          return !present.has(key);
      }
      return false;
    })
  );
}

describe('selectorMatches', () => {
  // Numbers of the model are doubles, so those of the property stay small.
  const small = (texts: readonly string[]) => texts.every((text) => text.length < 15);

  it('agrees with the model', () => {
    fc.assert(
      fc.property(selectors, labels, (selector, present) => {
        fc.pre(small(Object.values(present)) && selector.every(({ values }) => small(values)));
        const expected = selector.every((requirement) =>
          modelMatches(requirement, new Map(Object.entries(present))),
        );
        expect(selectorMatches(selector, present)).toBe(expected);
      }),
    );
  });

  it('agrees with the model on one requirement', () => {
    fc.assert(
      fc.property(requirementText, labelValue, fc.boolean(), ({ requirement }, value, there) => {
        fc.pre(small([value, ...requirement.values]));
        const present = there ? { [requirement.key]: value } : {};
        expect(selectorMatches([requirement], present)).toBe(
          modelMatches(requirement, new Map(Object.entries(present))),
        );
      }),
    );
  });

  it('compares integers of 64 bits exactly and nothing else', () => {
    const above = parseLabelSelector('n>9223372036854775806');
    expect(selectorMatches(above, { n: '9223372036854775807' })).toBe(true);
    expect(selectorMatches(above, { n: '9223372036854775806' })).toBe(false);
    expect(selectorMatches(above, { n: '9223372036854775808' })).toBe(false);
    const below = parseLabelSelector('n<1');
    expect(selectorMatches(below, { n: '-9223372036854775808' })).toBe(true);
    expect(selectorMatches(below, { n: '-9223372036854775809' })).toBe(false);
    for (const n of ['', 'x', '0.5', '0x0', '-', ' 0']) {
      expect(selectorMatches(below, { n })).toBe(false);
    }
    expect(selectorMatches(below, {})).toBe(false);
  });

  it('does not treat inherited properties of JavaScript objects as labels', () => {
    expect(selectorMatches(parseLabelSelector('constructor'), {})).toBe(false);
    expect(selectorMatches(parseLabelSelector('!toString'), {})).toBe(true);
  });
});

describe('toLabelSelectorObject', () => {
  it('has the same meaning', () => {
    const expressible = selectors.map((selector) =>
      selector.filter(({ operator }) => operator !== 'gt' && operator !== 'lt'),
    );
    fc.assert(
      fc.property(expressible, labels, (selector, present) => {
        const object = toLabelSelectorObject(selector);
        expect(objectMatches(object, new Map(Object.entries(present)))).toBe(
          selectorMatches(selector, present),
        );
      }),
    );
  });

  it('omits empty fields', () => {
    expect(toLabelSelectorObject([])).toEqual({});
    expect(Object.keys(toLabelSelectorObject(parseLabelSelector('a=b')))).toEqual(['matchLabels']);
    expect(Object.keys(toLabelSelectorObject(parseLabelSelector('a')))).toEqual([
      'matchExpressions',
    ]);
  });

  it('converts != to NotIn, and keeps contradictory equalities', () => {
    expect(toLabelSelectorObject(parseLabelSelector('b!=1,a!=,c=1,c=1,c==2'))).toEqual({
      matchLabels: { c: '1' },
      matchExpressions: [
        { key: 'a', operator: 'NotIn', values: [''] },
        { key: 'b', operator: 'NotIn', values: ['1'] },
        { key: 'c', operator: 'In', values: ['2'] },
      ],
    });
  });

  it.each(['a>1', 'a<1'])('rejects %s', (text) => {
    expect(() => toLabelSelectorObject(parseLabelSelector(text))).toThrow(SelectorError);
  });
});
