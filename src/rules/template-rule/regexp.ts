import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { outlineRegexp } from '../../promql/checks/regexp-source.ts';

/** A text is not a regular expression in RE2's syntax. */
export class RegexpError extends Error {
  override readonly name = 'RegexpError';
}

/** A compiled regular expression. Matching takes time linear in the text. */
export interface Regexp {
  readonly source: string;
  /** Capture groups, named or not; the whole match does not count. */
  readonly groupCount: number;
  /** Whether the expression matches any part of the text. */
  matches(text: string): boolean;
  /**
   * Go's `Regexp.Expand` for the first match.
   *
   * @param replacement with references to groups: `$1`, `${1}`, `$name`, `${name}`; `$$` is a `$`
   * @returns undefined if nothing matches
   */
  expand(replacement: string, text: string): string | undefined;
  /**
   * The texts of the named groups in the first match; empty for a group without a match.
   *
   * @returns undefined if nothing matches
   */
  groups(text: string): ReadonlyMap<string, string> | undefined;
}

/** The maximum length of an expression, in UTF-16 units. It is compiled in one step. */
const MAX_SOURCE = 20_000;

/** The maximum size of an expression with its repetitions expanded, in instructions. */
const MAX_SIZE = 25_000;

/** The maximum length of the part of an expression in a message, in UTF-16 units. */
const LONGEST_PLACE = 300;

/**
 * Compiles a regular expression in the syntax of Go's regexp, which is RE2's.
 *
 * @throws RegexpError with Go's wording and, if that is unclear, what is expected
 * @see https://pkg.go.dev/regexp/syntax
 */
export function compileRegexp(source: string): Regexp {
  checkText(source);
  const { groupNames, uniquelyNamed, size } = outlineRegexp(source);
  if (size > MAX_SIZE) {
    throw new RegexpError(`expression too large: its repetitions make more than ${MAX_SIZE} steps`);
  }
  return new CompiledRegexp(source, groupNames, compile(uniquelyNamed, source));
}

function checkText(source: string): void {
  if (source.length > MAX_SOURCE) {
    throw new RegexpError(
      `expression too large: ${source.length} characters, expected at most ${MAX_SOURCE}`,
    );
  }
  if (!source.isWellFormed()) {
    throw new RegexpError('invalid UTF-8: the expression has half of a surrogate pair');
  }
}

/** @param source as the user wrote it, for messages */
function compile(expression: string, source: string): RE2JS {
  try {
    return RE2JS.compile(expression);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) {
      const pattern = error.getPattern() ?? '';
      throw syntaxError(error.getDescription(), pattern === expression ? source : pattern);
    }
    throw error instanceof RE2JSException ? new RegexpError(error.message) : error;
  }
}

/** @param place the invalid part of the expression */
function syntaxError(description: string, place: string): RegexpError {
  const hint = HINTS.find(([of, at]) => of === description && at.test(place))?.[2];
  const shown = place.length <= LONGEST_PLACE ? place : `${place.slice(0, LONGEST_PLACE)}...`;
  const message = `${description}: \`${shown}\``;
  return new RegexpError(hint === undefined ? message : `${message} (${hint})`);
}

/** Hints for unclear messages of Go, by message and invalid part. */
const HINTS: readonly (readonly [string, RegExp, string])[] = [
  ['invalid or unsupported Perl syntax', /^\(\?[=!]/, 'RE2 has no lookahead'],
  ['invalid or unsupported Perl syntax', /^\(\?>/, 'RE2 has no atomic groups'],
  ['invalid or unsupported Perl syntax', /^\(\?#/, 'RE2 has no comments'],
  [
    'invalid or unsupported Perl syntax',
    /^\(\?/,
    'expected (?:...), (?P<name>...) or flags of i, m, s, U as in (?i)',
  ],
  ['invalid named capture', /^\(\?<[=!]/, 'RE2 has no lookbehind'],
  ['invalid named capture', /^/, 'expected (?P<name>...) with a name of letters, digits and _'],
  ['invalid escape sequence', /^\\[1-9]/, 'RE2 has no backreferences'],
  ['invalid escape sequence', /^\\Z/, 'the end of the text is \\z'],
  ['invalid escape sequence', /^\\u/, 'a character by its number is \\x{20ac}'],
  ['invalid escape sequence', /^/, 'RE2 has no such escape; a literal backslash is \\\\'],
  ['invalid nested repetition operator', /^[*+?]\+$/, 'RE2 has no possessive repetition'],
  ['invalid nested repetition operator', /^/, 'repeat a group: (?:...)'],
  ['missing argument to repetition operator', /^\*/, 'nothing to repeat; any text is .*'],
  ['missing argument to repetition operator', /^/, 'nothing to repeat'],
  ['invalid repeat count', /^/, 'at most 1000, also of repetitions inside each other'],
  ['trailing backslash at end of expression', /^/, 'a backslash itself is \\\\'],
];

/** The texts of the groups of a match, by number; undefined for a group without a match. */
type Match = readonly (string | undefined)[];

class CompiledRegexp implements Regexp {
  readonly source: string;
  readonly #groupNames: readonly string[];
  readonly #compiled: RE2JS;

  constructor(source: string, groupNames: readonly string[], compiled: RE2JS) {
    this.source = source;
    this.#groupNames = groupNames;
    this.#compiled = compiled;
  }

  get groupCount(): number {
    return this.#groupNames.length;
  }

  matches(text: string): boolean {
    return this.#compiled.test(text);
  }

  expand(replacement: string, text: string): string | undefined {
    const match = this.#firstMatch(text);
    return (
      match &&
      expandReferences(replacement, {
        byNumber: (number) => match[number] ?? '',
        byName: (name) => this.#textOf(name, match),
      })
    );
  }

  groups(text: string): ReadonlyMap<string, string> | undefined {
    const match = this.#firstMatch(text);
    const names = new Set(this.#groupNames.filter((name) => name !== ''));
    return match && new Map([...names].map((name) => [name, this.#textOf(name, match)]));
  }

  /** Of several groups with one name, the first with a match. */
  #textOf(name: string, match: Match): string {
    const isText = (text: string | undefined, number: number): boolean =>
      text !== undefined && number > 0 && this.#groupNames[number - 1] === name;
    return match.find(isText) ?? '';
  }

  #firstMatch(text: string): Match | undefined {
    const matcher = this.#compiled.matcher(text);
    if (!matcher.find()) {
      return undefined;
    }
    const numbers = Array.from({ length: this.groupCount + 1 }, (_, number) => number);
    return numbers.map((number) => matcher.group(number) ?? undefined);
  }
}

/** The texts of groups, by number or name. Empty if there is no such group. */
export interface GroupTexts {
  byNumber(number: number): string;
  byName(name: string): string;
}

/**
 * `$$`, or a reference with or without braces. A name is as long as possible. A dollar without a reference is
 * literal.
 */
const REFERENCE = /\$(?:\$|(?<name>[\p{L}\p{Nd}_]+)|\{(?<braced>[\p{L}\p{Nd}_]+)\})/gu;

/** The number of a group, without leading zeros and within Go's limit. */
const NUMBER = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Expands the references in a replacement by the rules of Go's `Regexp.Expand`: `$1`, `${1}`,
 * `$name`, `${name}`, `$$`. A name is as long as possible, so `$1_x` is the group named `1_x`;
 * groups that do not exist or have no match are empty.
 *
 * @see https://pkg.go.dev/regexp#Regexp.Expand
 */
export function expandReferences(replacement: string, groups: GroupTexts): string {
  return replacement.replace(REFERENCE, (reference: string, name?: string, braced?: string) => {
    const group = name ?? braced;
    if (group === undefined) {
      return reference.slice(1);
    }
    return NUMBER.test(group) ? groups.byNumber(Number(group)) : groups.byName(group);
  });
}
