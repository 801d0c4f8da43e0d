import { rememberTexts } from '../text/text-memo.ts';
import type { CheckedQuery } from './checks/check.ts';
import { checkSelector } from './checks/check-selector.ts';
import { matcherNodes, readSelector } from './selectors.ts';
import type { PromqlFault } from './syntax/fault.ts';
import { PromqlFindings } from './syntax/fault.ts';
import { childNamed, type PromqlNode, type PromqlTree } from './syntax/fold.ts';
import { formatMatcher, type LabelMatcher } from './syntax/matcher.ts';
import { LAST_QUERIES, parsePromql } from './syntax/parse.ts';

/** A parsed series selector. */
export interface SeriesSelector {
  /** The name in `up{…}` or `{"up",…}`. */
  readonly name?: string;
  /** The matchers between the braces, in order. */
  readonly matchers: readonly LabelMatcher[];
}

/**
 * Checks a selector for the parameter `match[]` (the `seriesQuery` of a rule): one instant vector selector, with a
 * matcher that does not match the empty text.
 *
 * @returns the faults; none if some release of Prometheus accepts it
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
  // Two metric names are rejected in queries only.
  checkSelector(text, selector, { mayNameTwice: true }, findings.report);
  return findings.inOrder();
}

/** The faults of a series selector; see `inspectSeriesSelector`. */
export function checkSeriesSelector(text: string): readonly PromqlFault[] {
  return inspectSeriesSelector(text).faults;
}

/**
 * Parses a series selector.
 *
 * @param text a selector without faults, see `checkSeriesSelector`
 * @throws {SyntaxError} with the first fault otherwise
 */
export function parseSeriesSelector(text: string): SeriesSelector {
  const { name, matchers } = readSelector(text, faultlessSelector(text));
  return name === undefined ? { matchers } : { name, matchers };
}

/**
 * Adds a matcher to a series selector, as the first between its braces. The rest of the text is not changed: a
 * string may contain bytes that would change if it were parsed and formatted.
 *
 * @param text a selector without faults, see `checkSeriesSelector`
 * @returns a function that converts e.g. `up{job="a"}` to `up{pod!="",job="a"}`
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
