import { RE2JS } from 're2js';
import { rememberTexts } from '../../text/text-memo.ts';
import { matcherNodes, readMatcher, readSelector } from '../selectors.ts';
import { SINCE_2_53 } from '../syntax/availability.ts';
import type { ReportPromqlFault } from '../syntax/fault.ts';
import { childNamed, type PromqlNode } from '../syntax/fold.ts';
import type { LabelMatcher } from '../syntax/matcher.ts';
import { nameAt } from '../syntax/parse.ts';
import { unquote } from '../syntax/unquote.ts';
import { outlineRegexp } from './regexp-source.ts';

export interface SelectorRules {
  /** The metric name is before the braces and also in a matcher. */
  readonly mayNameTwice?: boolean;
  /** There is no matcher that excludes the empty text. */
  readonly mayBeEmpty?: boolean;
}

/** Checks the node `VectorSelector` of a query's tree. */
export function checkSelector(
  text: string,
  node: PromqlNode,
  rules: SelectorRules,
  report: ReportPromqlFault,
): void {
  const selector = readSelector(text, node);
  checkName(text, node, report);
  checkQuotedNames(node, report);
  const isSound = checkRegexes(text, node, report);
  if (!rules.mayNameTwice) {
    checkNamedOnce(text, node, report);
  }
  const isEmpty =
    selector.name === undefined &&
    selector.matchers.every((matcher) => matchesEmptyText(matcher) === true);
  if (isSound && isEmpty && !rules.mayBeEmpty) {
    report(
      node.from,
      node.to,
      'a selector must have a metric name or at least one matcher that does not match the empty text, or else it would select every series',
    );
  }
}

/** The operator `atan2` is the only keyword except modifiers that cannot be a metric name. */
function checkName(text: string, node: PromqlNode, report: ReportPromqlFault): void {
  const name = childNamed(node, 'Identifier');
  const written = name ? nameAt(text, name.from) : '';
  if (name && written.toLowerCase() === 'atan2') {
    report(name.from, name.to, `unexpected operator \`${written}\`, expected an expression`);
  }
}

function checkQuotedNames(node: PromqlNode, report: ReportPromqlFault): void {
  const quotedName = childNamed(childNamed(node, 'LabelMatchers'), 'QuotedLabelName');
  if (quotedName) report(quotedName.from, quotedName.to, 'a quoted metric name', SINCE_2_53);
  for (const matcher of matcherNodes(node)) {
    const quoted = childNamed(matcher, 'QuotedLabelName');
    if (quoted) report(quoted.from, quoted.to, 'a quoted label name', SINCE_2_53);
  }
}

/** The maximum size of an expression that is compiled here, in instructions: it takes time and memory. */
const MAX_SIZE = 50_000;

/** RE2's limit for counted repetitions. */
const MAX_REPETITIONS = 1000;

/**
 * Compiles an RE2 expression as Prometheus does, where the dot matches any character.
 *
 * @returns the fault, or undefined if none is known
 */
export function regexFault(expression: string): string | undefined {
  return compileRegex(expression).fault;
}

/** Cached: rules repeat a few expressions many times, and compilation is slow. */
const compileRegex = rememberTexts(
  (expression: string): { readonly fault: string | undefined } => {
    const { size, repetitions } = outlineRegexp(expression);
    if (repetitions > MAX_REPETITIONS) {
      return { fault: `repeated ${repetitions} times, at most ${MAX_REPETITIONS} are allowed` };
    }
    if (size > MAX_SIZE) return { fault: undefined };
    try {
      RE2JS.compile(expression, RE2JS.DOTALL);
      return { fault: undefined };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  },
  { most: 100, longest: 1000 },
);

function isTooLarge(expression: string): boolean {
  return outlineRegexp(expression).size > MAX_SIZE;
}

/** The expression with anchors, which must match a whole value. */
export function anchored(expression: string): string {
  return `^(?:${expression})$`;
}

function checkRegexes(text: string, node: PromqlNode, report: ReportPromqlFault): boolean {
  let isSound = true;
  for (const matcherNode of matcherNodes(node)) {
    const matcher = readMatcher(text, matcherNode);
    if (matcher === undefined || !isRegex(matcher)) {
      continue;
    }
    const fault = regexFault(matcher.value);
    const { from, to } = childNamed(matcherNode, 'StringLiteral') ?? matcherNode;
    if (fault !== undefined) {
      isSound = false;
      report(from, to, `expected a regular expression (RE2): ${fault}`);
    } else if (unquote(text.slice(from, to)).isUtf8 === false) {
      // Plain alternatives are not compiled since 2.53.
      if (/^[^\\.+*?()[\]{}^$]*$/.test(matcher.value)) {
        report(from, to, 'a regular expression that is not UTF-8', SINCE_2_53);
      } else {
        report(from, to, 'expected a regular expression (RE2): invalid UTF-8');
      }
    } else if (regexFault(anchored(matcher.value)) !== undefined) {
      // 2.42 compiles it with anchors around it only.
      report(from, to, 'a regular expression with `\\Q` that is not closed', SINCE_2_53);
    } else if (outlineRegexp(matcher.value).hasNameWithoutP) {
      report(from, to, 'a group named without `P`', SINCE_2_53);
    }
  }
  return isSound;
}

function checkNamedOnce(text: string, node: PromqlNode, report: ReportPromqlFault): void {
  if (childNamed(node, 'Identifier') === null) {
    return;
  }
  const quotedName = childNamed(childNamed(node, 'LabelMatchers'), 'QuotedLabelName');
  const second =
    quotedName ??
    matcherNodes(node).find((matcher) => readMatcher(text, matcher)?.name === '__name__');
  if (second) {
    report(
      second.from,
      second.to,
      'the metric name must not be set twice, before the braces and between them',
    );
  }
}

/**
 * Whether series without the label match. For Prometheus, a missing label is empty.
 *
 * @returns undefined if this is not known because the expression is very large
 */
export function matchesEmptyText(matcher: LabelMatcher): boolean | undefined {
  return matchesValue(matcher, '');
}

/** Whether a label value satisfies a matcher; undefined as in {@link matchesEmptyText}. */
export function matchesValue(
  { operator, value: wanted }: LabelMatcher,
  value: string,
): boolean | undefined {
  switch (operator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '=~':
      return regexMatches(wanted, value);
    case '!~': {
      const isMatch = regexMatches(wanted, value);
      return isMatch === undefined ? undefined : !isMatch;
    }
  }
}

function regexMatches(expression: string, value: string): boolean | undefined {
  if (isTooLarge(expression)) return undefined;
  // An unclosed `\Q` would also quote the anchor.
  const isOpen = regexFault(anchored(expression)) !== undefined;
  const whole = anchored(isOpen ? `${expression}\\E` : expression);
  return regexFault(whole) === undefined && RE2JS.compile(whole, RE2JS.DOTALL).matches(value);
}

function isRegex(matcher: LabelMatcher): boolean {
  return matcher.operator === '=~' || matcher.operator === '!~';
}
