import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { compileRegexp, RegexpError } from './regexp.ts';

describe('rejected expressions', () => {
  test.each([
    ['^(.*_total$', 'missing closing ): `^(.*_total$`'],
    ['a)', 'unexpected ): `a)`'],
    ['^(?!go_)(.*)$', 'invalid or unsupported Perl syntax: `(?!` (RE2 has no lookahead)'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=` (RE2 has no lookahead)'],
    ['(?>a)', 'invalid or unsupported Perl syntax: `(?>` (RE2 has no atomic groups)'],
    ['(?<=a)b', 'invalid named capture: `(?<=a)b` (RE2 has no lookbehind)'],
    ['(?<!a)b', 'invalid named capture: `(?<!a)b` (RE2 has no lookbehind)'],
    ['^(.)\\1$', 'invalid escape sequence: `\\1` (RE2 has no backreferences)'],
    ['a\\Z', 'invalid escape sequence: `\\Z` (the end of the text is \\z)'],
    ['*abc', 'missing argument to repetition operator: `*` (nothing to repeat; any text is .*)'],
    [
      'a{1001}',
      'invalid repeat count: `{1001}` (at most 1000, also of repetitions inside each other)',
    ],
    [
      '((a{100}){100})',
      'invalid repeat count: `{100}` (at most 1000, also of repetitions inside each other)',
    ],
    ['a{2,1}', /^invalid repeat count: `\{2,1\}`/],
    ['a++', 'invalid nested repetition operator: `++` (RE2 has no possessive repetition)'],
    ['a**', 'invalid nested repetition operator: `**` (repeat a group: (?:...))'],
    ['[a-', 'missing closing ]: `[a-`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['\\pX', 'invalid character class range: `\\pX`'],
    ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
    ['a\\', 'trailing backslash at end of expression: `` (a backslash itself is \\\\)'],
    ['(?P<größe>a)', /^invalid named capture: `\(\?P<größe>`/],
    ['(?P<x>a)(?P<x>?i)', /^missing argument to repetition operator: `\?`/],
    ['(?P<x>a)(?P<x>b', 'missing closing ): `(?P<x>a)(?P<x>b`'],
    ['\ud800', /^invalid UTF-8/],
  ])('%s', (source, message) => {
    const isMessage = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(() => compileRegexp(source)).toThrow(
      expect.objectContaining({ name: 'RegexpError', message: isMessage }),
    );
  });

  test.each([
    ['repetitions', '(x{1000}y)'.repeat(1000), /^expression too large/],
    ['characters', 'a'.repeat(20_001), /too large: 20001 characters, expected at most 20000$/],
    ['groups', `${'('.repeat(1200)}${')'.repeat(1200)}`, /^expression nests too deeply/],
  ])('too many %s', (_, source, message) => {
    expect(() => compileRegexp(source)).toThrow(
      expect.objectContaining({ name: 'RegexpError', message: expect.stringMatching(message) }),
    );
  });

  test('a message does not repeat a long expression', () => {
    expect(() => compileRegexp('('.repeat(9_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,400}$/) }),
    );
  });
});

describe('matching', () => {
  test.each([
    ['', '', true],
    ['total', 'nm_total_x', true],
    ['^total', 'nm_total', false],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['(?i)EPSILON', 'flt_epsilon', true],
    ['\\ACAMEL\\z', 'nm_Camel', false],
    ['^.$', '\u{1f600}', true],
    ['a$', 'a\n', false],
    ['\\Qa.b\\E', 'a.b', true],
    ['^\\pL+$', 'größe', true],
    ['^[[:word:]]+$', 'größe', false],
    ['^\\d$', '١', false],
  ])('%s in %j', (source, text, matches) => {
    expect(compileRegexp(source).matches(text)).toBe(matches);
  });

  test('is linear', () => {
    expect(compileRegexp('^(((a*)*)*)*b$').matches('a'.repeat(20_000))).toBe(false);
  });

  test('returns the groups', () => {
    const pattern = compileRegexp('^k8s_(?P<group>.+?)_(?<resource>[a-z]+)(_(?P<rest>.*))?$');
    expect(pattern.source).toMatch(/^\^k8s/);
    expect(pattern.groupCount).toBe(4);
    expect(pattern.groups('other')).toBeUndefined();
    expect(pattern.groups('k8s_apps_pod')).toEqual(
      new Map([
        ['group', 'apps'],
        ['resource', 'pod'],
        ['rest', ''],
      ]),
    );
  });

  test.each([
    ['nm_(x)?(total)', 'opt_[$1]_$2', 'nm_total', 'opt_[]_total'],
    ['nothing', '$0', 'nm_total', undefined],
    ['(?P<x>le|te)(?P<x>5m|:)', 'dup_$x', 'rule:rate5m', 'dup_le'],
    ['(?P<x>a)|(?P<x>b)', '[$x]', 'b', '[b]'],
    ['(?P<x>a*)(?P<x>b)', '[$x]', 'b', '[]'],
    ['(?P<toString>a)', '$toString $constructor', 'a', 'a '],
  ])('%s expands %s for %s', (source, replacement, text, expanded) => {
    expect(compileRegexp(source).expand(replacement, text)).toBe(expanded);
  });

  test('groups with one name: the first with a match', () => {
    expect(compileRegexp('(?P<x>a)|(?P<x>b)').groups('b')).toEqual(new Map([['x', 'b']]));
  });

  test('a literal matches where the text contains it, and expands to it', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, text, (before, literal, after) => {
        const quoted = literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
        const pattern = compileRegexp(`(${quoted})`);
        expect(pattern.matches(before + literal + after)).toBe(true);
        expect(pattern.expand('$1', before + literal + after)).toBe(literal);
        expect(pattern.matches(before)).toBe(before.includes(literal));
      }),
    );
  });

  test('any text compiles or is rejected with a RegexpError', () => {
    const piece = fc.constantFrom(
      ...('()[]{}\\^$.*+?|<>:,-0129aQEpPxzAbBdwsimU!=é😀'.match(/./gu) ?? []),
      ...['(?P<x>', '(?<x>', '(?i)', '(?:', '{1000}', '{2,}', '[[:alpha:]]', '\\p{Greek}', '\\Q'],
    );
    const source = fc.oneof(
      fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(source, fc.string(), (candidate, text) => {
        try {
          const pattern = compileRegexp(candidate);
          const expanded = pattern.expand('$0$1$x', text);
          expect(expanded !== undefined).toBe(pattern.matches(text));
          expect(pattern.groups(text) !== undefined).toBe(pattern.matches(text));
        } catch (error) {
          expect(error).toBeInstanceOf(RegexpError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

interface RulesFile {
  readonly rules: readonly {
    readonly seriesQuery: string;
    readonly seriesFilters?: readonly { readonly is?: string; readonly isNot?: string }[];
    readonly name?: { readonly matches?: string; readonly as?: string | number };
  }[];
}

interface RecordedDiscovery {
  readonly series: readonly {
    readonly match: readonly string[];
    readonly body: { readonly data: readonly { readonly __name__: string }[] };
  }[];
}

interface RecordedCase {
  readonly request: { readonly path: string };
  readonly body: { readonly resources?: readonly { readonly name: string }[] } | null;
}

const golden = new URL('../../../test/golden/data/', import.meta.url);

function read(name: string): string {
  return readFileSync(new URL(name, golden), 'utf8');
}

function isRulesFile(file: unknown): file is RulesFile {
  return typeof file === 'object' && file !== null && 'rules' in file && Array.isArray(file.rules);
}

describe('the recorded names', () => {
  test.each(['05-names', '06-filters'])('%s', (name) => {
    const parsed: unknown = load(read(`configs/${name}.yaml`));
    const { rules } = isRulesFile(parsed) ? parsed : { rules: [] };
    const discovery: RecordedDiscovery = JSON.parse(read(`prom/${name}.json`));
    const cases: readonly RecordedCase[] = JSON.parse(read(`cases/${name}.json`));
    const served = cases.find(({ request }) => request.path.endsWith('/v1beta1'))?.body?.resources;

    const names = rules.flatMap(({ seriesQuery, seriesFilters = [], name: naming = {} }) => {
      const found = discovery.series.find(({ match }) => match[0] === seriesQuery)?.body.data ?? [];
      const pattern = compileRegexp(naming.matches ?? '.*');
      const as = naming.as ?? (pattern.groupCount === 0 ? '$0' : '$1');
      return found
        .map((series) => series.__name__)
        .filter((series) =>
          seriesFilters.every(({ is, isNot }) =>
            is ? compileRegexp(is).matches(series) : !compileRegexp(isNot ?? '').matches(series),
          ),
        )
        .flatMap((series) => pattern.expand(String(as), series) ?? []);
    });
    const namespaced = served?.flatMap((resource) => resource.name.split(/^namespaces\//)[1] ?? []);
    expect(rules.length).toBeGreaterThan(5);
    expect(new Set(names)).toEqual(new Set(namespaced));
  });
});
