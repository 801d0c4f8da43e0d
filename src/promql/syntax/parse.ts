import { parser } from '@prometheus-io/lezer-promql';
import { listed } from '../../text/listing.ts';
import { rememberTexts, type TextMemoBounds } from '../../text/text-memo.ts';
import { calculatedOffsets } from '../checks/calculated-offset.ts';
import { followBrackets } from './brackets.ts';
import { expectedAfter, parseStrictly } from './expected.ts';
import type { PromqlFault } from './fault.ts';
import type { PromqlTree } from './fold.ts';
import { grammarText } from './grammar-text.ts';
import { offsetModifiers } from './offset-modifiers.ts';
import { type Token, tokenize } from './tokens.ts';

/**
 * The maximum number of levels (see `Brackets`). The parser of the grammar, which is made for an editor, drops its
 * stack from about 900 nested brackets or 300 operators in a chain.
 */
const DEEPEST = 250;

/**
 * The limits of the cache of parsed queries. The checks of one rule parse the same few queries several
 * times.
 */
export const LAST_QUERIES: TextMemoBounds = { most: 8, longest: 2 * 1024 * 1024 };

export interface ParsedPromql {
  /**
   * The syntax tree, with node names of `@prometheus-io/lezer-promql` and offsets of the text. With faults, the tree
   * of the part before the first one. Differences from Prometheus:
   * - The operand of a modifier after a chain (`a + b offset 5m`, `-a[5m]`) is the whole chain; in Prometheus it is
   *   the last link (`b`, `a`).
   * - A calculated offset (`offset (5m + 1m)`) is one literal in the tree.
   * - All function calls have the `FunctionIdentifier` of the same function. Read the name from the text, see
   *   `nameAt`.
   */
  readonly tree: PromqlTree;
  /** The syntax faults: invalid tokens, or the first unexpected place. */
  readonly faults: readonly PromqlFault[];
}

/**
 * Parses a PromQL query by the grammar of Prometheus 3.x, a superset of that of 2.x. Never throws. It checks syntax
 * only; `checkQuery` also checks functions and types.
 *
 * For a query with more than 250 levels (brackets and operators in a chain), only tokens and brackets are checked,
 * and the tree is empty. Prometheus accepts such a query, so it is not a fault.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/
 */
export const parsePromql: (text: string) => ParsedPromql = rememberTexts(parse, LAST_QUERIES);

function parse(text: string): ParsedPromql {
  const { tokens, faults: badTokens } = tokenize(text);
  const modifiers = offsetModifiers(tokens);
  const calculated = calculatedOffsets(tokens, modifiers);
  const faults = [...badTokens, ...calculated.flatMap(({ fault }) => fault ?? [])].sort(
    (a, b) => a.offset - b.offset,
  );
  const { depth, unclosed } = followBrackets(tokens);
  if (depth > DEEPEST) {
    const isUnclosed = faults.length === 0 && unclosed !== undefined;
    return { tree: parser.parse(''), faults: isUnclosed ? [endFault(text, tokens, [])] : faults };
  }
  const forGrammar = grammarText(text, tokens, modifiers, calculated).slice(0, faults[0]?.offset);
  const { tree, stoppedAt } = parseStrictly(forGrammar);
  if (faults.length === 0 && tree !== undefined) {
    return { tree, faults };
  }
  return {
    tree: tree ?? parser.parse(forGrammar.slice(0, stoppedAt)),
    faults: faults.length > 0 ? faults : [syntaxFault(text, tokens, forGrammar, stoppedAt ?? 0)],
  };
}

/** The function or metric name, or any other word, that starts at an offset of a query. */
export function nameAt(text: string, offset: number): string {
  const word = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
  word.lastIndex = offset;
  return word.exec(text)?.[0] ?? '';
}

function syntaxFault(
  text: string,
  tokens: readonly Token[],
  forGrammar: string,
  stoppedAt: number,
): PromqlFault {
  if (tokens.length === 0) {
    return { offset: 0, end: text.length, message: 'the query is empty, expected an expression' };
  }
  const index = tokens.findIndex((token) => token.to > stoppedAt);
  const found = tokens[index];
  const expected = expectedAfter(forGrammar.slice(0, found?.from));
  if (found === undefined) {
    return endFault(text, tokens, expected);
  }
  return {
    offset: found.from,
    end: found.to,
    message: callOfNothing(found, tokens[index - 1]) ?? unexpected(found, expected),
  };
}

function endFault(
  text: string,
  tokens: readonly Token[],
  expected: readonly string[],
): PromqlFault {
  const { unclosed } = followBrackets(tokens);
  const which =
    unclosed === undefined
      ? ''
      : ` (the \`${unclosed.text}\` at character ${unclosed.from + 1} is not closed)`;
  return {
    offset: text.length,
    end: text.length,
    message: `unexpected end of the query${which}${expectation(expected)}`,
  };
}

function unexpected(found: Token, expected: readonly string[]): string {
  const text = found.text.length > 40 ? `${found.text.slice(0, 40)}…` : found.text;
  return `unexpected \`${text}\`${expectation(expected)}`;
}

function expectation(expected: readonly string[]): string {
  return expected.length === 0 ? '' : `, expected ${listed(expected, 'or')}`;
}

/** A name of one letter is too short to be replaced by a function of the grammar. */
function callOfNothing(found: Token, previous: Token | undefined): string | undefined {
  return found.text === '(' && previous?.kind === 'word' && previous.text.length === 1
    ? `there is no function \`${previous.text}\``
    : undefined;
}
