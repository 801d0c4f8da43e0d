import { childNamed, type PromqlNode } from './fold.ts';
import { unquote } from './unquote.ts';

const EXPRESSIONS: ReadonlySet<string> = new Set([
  'AggregateExpr',
  'AnchoredExpr',
  'BinaryExpr',
  'FunctionCall',
  'MatrixSelector',
  'NumberDurationLiteral',
  'OffsetExpr',
  'ParenExpr',
  'SmoothedExpr',
  'StepInvariantExpr',
  'StringLiteral',
  'SubqueryExpr',
  'UnaryExpr',
  'VectorSelector',
]);

/** The children of a node that are expressions, in order. */
export function expressionsIn(node: PromqlNode): readonly PromqlNode[] {
  const found: PromqlNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (EXPRESSIONS.has(child.name)) found.push(child);
  }
  return found;
}

/** The arguments or operands of a call, an aggregation or an operation, in order. */
export function operandNodes(node: PromqlNode): readonly PromqlNode[] {
  return expressionsIn(childNamed(node, 'FunctionCallBody') ?? node);
}

/** The text of a string literal. */
export function wordsOf(text: string, literal: PromqlNode): string {
  return unquote(text.slice(literal.from, literal.to)).text ?? '';
}

/** The labels of a `GroupingLabels` node, e.g. `(pod, "le")`. */
export function labelsOf(text: string, node: PromqlNode): ReadonlySet<string> {
  const labels = new Set<string>();
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === 'LabelName') labels.add(text.slice(child.from, child.to));
    if (child.name === 'QuotedLabelName') labels.add(wordsOf(text, child));
  }
  return labels;
}

/** The vector matching of an operation: by some labels, or by all except some. */
export interface Matching {
  /** The keyword and the list after it; undefined if the operation has none. */
  readonly keyword: PromqlNode | undefined;
  readonly list: PromqlNode | undefined;
  readonly by: 'on' | 'ignoring';
  readonly labels: ReadonlySet<string>;
  /** The side that may have several samples for one of the other. */
  readonly many: 'left' | 'right' | undefined;
  /** Labels of the other side that are added to the result. */
  readonly included: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** The vector matching of a `BinaryExpr`: `on` or `ignoring`, and `group_left` or `group_right`. */
export function matchingOf(text: string, operation: PromqlNode): Matching {
  const clause = childNamed(operation, 'MatchingModifierClause');
  const on = childNamed(clause, 'On');
  const group = childNamed(clause, 'GroupLeft') ?? childNamed(clause, 'GroupRight') ?? undefined;
  const lists = clause?.getChildren('GroupingLabels') ?? [];
  const list = lists.find(({ to }) => group === undefined || to <= group.from);
  const included = group && lists.find(({ from }) => from >= group.to);
  return {
    keyword: on ?? childNamed(clause, 'Ignoring') ?? undefined,
    list,
    by: on ? 'on' : 'ignoring',
    labels: list === undefined ? NONE : labelsOf(text, list),
    many: group && (group.name === 'GroupLeft' ? 'left' : 'right'),
    included: included === undefined ? NONE : labelsOf(text, included),
  };
}
