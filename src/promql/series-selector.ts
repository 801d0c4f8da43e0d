import { rememberTexts } from '../text/text-memo.ts';
import type { CheckedQuery } from './checks/check.ts';
import { checkSelector } from './checks/check-selector.ts';
import { matcherNodes, readSelector } from './selectors.ts';
import type { PromqlFault } from './syntax/fault.ts';
import { PromqlFindings } from './syntax/fault.ts';
import { childNamed, type PromqlNode, type PromqlTree } from './syntax/fold.ts';
import { formatMatcher, type LabelMatcher } from './syntax/matcher.ts';
import { LAST_QUERIES, parsePromql } from './syntax/parse.ts';

/** What a series selector asks for. */
export interface SeriesSelector {
  /** The metric's name where it is written as one: `up{…}` or `{"up",…}`. */
  readonly name?: string;
  /** The matchers between the braces, in order. */
  readonly matchers: readonly LabelMatcher[];
}

/**
 * Checks what is sent as `match[]` to find series (a rule's `seriesQuery`): one instant vector
 * selector and nothing else, with a matcher that the empty text does not fulfil.
 *
 * @returns what is wrong with it; nothing if some release of Prometheus accepts it
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#finding-series-by-label-matchers
 */
export const inspectSeriesSelector: (text: string) => Pick<CheckedQuery, 'faults' | 'limits'> =
  rememberTexts(inspect, LAST_QUERIES);

function inspect(text: string): Pick<CheckedQuery, 'faults' | 'limits'> {
  const { tree, faults } = parsePromql(text);
  if (faults.length > 0) {
    return { faults, limits: [] };
  }
  const selector = soleSelector(tree);
  if (selector === undefined) {
    const message = otherThanSelector(tree);
    return { faults: [{ offset: 0, end: text.length, message }], limits: [] };
  }
  const findings = new PromqlFindings();
  // Only a query is refused for having its metric's name twice.
  checkSelector(text, selector, { mayNameTwice: true }, findings.report);
  return findings.inOrder();
}

/** What is wrong with a series selector; see `inspectSeriesSelector`. */
export function checkSeriesSelector(text: string): readonly PromqlFault[] {
  return inspectSeriesSelector(text).faults;
}

/**
 * Reads a series selector.
 *
 * @param text one that `checkSeriesSelector` has no fault with
 * @throws {SyntaxError} with the first fault otherwise
 */
export function parseSeriesSelector(text: string): SeriesSelector {
  const { name, matchers } = readSelector(text, faultlessSelector(text));
  return name === undefined ? { matchers } : { name, matchers };
}

/**
 * Adds a matcher to a series selector, the first between its braces. All else of the text stays
 * as it is: a string may hold bytes that reading and writing it would change.
 *
 * @param text one that `checkSeriesSelector` has no fault with
 * @returns gives e.g. `up{pod!="",job="a"}` of `up{job="a"}`
 * @throws {SyntaxError} as `parseSeriesSelector`
 */
export function matcherAdder(text: string): (matcher: LabelMatcher) => string {
  const selector = faultlessSelector(text);
  const braces = childNamed(selector, 'LabelMatchers');
  if (braces === null) {
    const end = childNamed(selector, 'Identifier')?.to ?? selector.to;
    return (added) => `${text.slice(0, end)}{${formatMatcher(added)}}${text.slice(end)}`;
  }
  const isEmpty = matcherNodes(selector).length === 0 && !childNamed(braces, 'QuotedLabelName');
  const inside = braces.from + 1;
  const after = `${isEmpty ? '' : ','}${text.slice(inside)}`;
  return (added) => `${text.slice(0, inside)}${formatMatcher(added)}${after}`;
}

function faultlessSelector(text: string): PromqlNode {
  const [fault] = checkSeriesSelector(text);
  const selector = soleSelector(parsePromql(text).tree);
  if (fault !== undefined || selector === undefined) {
    throw new SyntaxError(`series selector ${text}: ${fault?.message ?? 'expected a selector'}`);
  }
  return selector;
}

const DESCRIPTIONS: ReadonlyMap<string, string> = new Map([
  ['AggregateExpr', 'an aggregation'],
  ['BinaryExpr', 'an operator'],
  ['FunctionCall', 'a function call'],
  ['MatrixSelector', 'a range'],
  ['NumberDurationLiteral', 'a number'],
  ['OffsetExpr', '`offset`'],
  ['ParenExpr', 'parentheses'],
  ['StepInvariantExpr', '`@`'],
  ['StringLiteral', 'a string'],
  ['SubqueryExpr', 'a subquery'],
  ['UnaryExpr', 'a sign'],
]);

function otherThanSelector(tree: PromqlTree): string {
  const found = DESCRIPTIONS.get(expressionOf(tree)?.name ?? '') ?? 'another expression';
  return `expected one series selector such as \`up{job="a"}\` and nothing else, found ${found}`;
}

function soleSelector(tree: PromqlTree): PromqlNode | undefined {
  const expression = expressionOf(tree);
  return expression?.name === 'VectorSelector' ? expression : undefined;
}

function expressionOf(tree: PromqlTree): PromqlNode | undefined {
  let node = tree.topNode.firstChild;
  while (node?.name === 'LineComment') {
    node = node.nextSibling;
  }
  return node ?? undefined;
}
