import { rememberTexts } from '../../text/text-memo.ts';
import type { PromqlLimit } from '../syntax/availability.ts';
import { operandNodes } from '../syntax/expression-nodes.ts';
import type { PromqlFault, ReportPromqlFault } from '../syntax/fault.ts';
import { PromqlFindings } from '../syntax/fault.ts';
import { foldTree, type PromqlNode } from '../syntax/fold.ts';
import type { ExpressionType } from '../syntax/functions.ts';
import { LAST_QUERIES, nameAt, parsePromql } from '../syntax/parse.ts';
import { checkBinary } from './check-binary.ts';
import { checkAggregation, checkFunctionCall } from './check-call.ts';
import { checkNumber } from './check-duration.ts';
import { checkLabelList } from './check-label-list.ts';
import { checkModified, operandOf } from './check-modifier.ts';
import { checkSelector } from './check-selector.ts';
import { type Checked, describeType, type InferredType, isExpression } from './checked.ts';

export interface CheckedQuery {
  /** In the order of the text. */
  readonly faults: readonly PromqlFault[];
  /** Constructs that only some releases of Prometheus accept, in the order of the text; empty with faults. */
  readonly limits: readonly PromqlLimit[];
  /**
   * The type of the result. Undefined with faults, and for a query that is nested too deeply to be checked (see
   * `parsePromql`). Only a vector or a scalar can give the value of a metric.
   */
  readonly type?: ExpressionType;
}

/**
 * Checks a query as Prometheus does before evaluation: syntax, then functions and types.
 *
 * A fault is a construct that all releases of Prometheus from 2.42 on reject. A construct that some of them accept
 * (an experimental function, a quoted label name) is a limit.
 *
 * @param text any text
 */
export const inspectQuery: (text: string) => CheckedQuery = rememberTexts(inspect, LAST_QUERIES);

function inspect(text: string): CheckedQuery {
  const { tree, faults } = parsePromql(text);
  if (faults.length > 0) {
    return { faults, limits: [] };
  }
  const findings = new PromqlFindings();
  const top = foldTree<Checked>(tree, (node, parts) =>
    checkNode(text, node, parts, findings.report),
  );
  const type = top?.parts.find(isExpression)?.expression.type;
  const found = findings.inOrder();
  return found.faults.length > 0 || type === undefined || type === 'unknown'
    ? found
    : { ...found, type };
}

/** The faults of a query; see `inspectQuery`. */
export function checkQuery(text: string): readonly PromqlFault[] {
  return inspectQuery(text).faults;
}

function checkNode(
  text: string,
  node: PromqlNode,
  parts: readonly Checked[],
  report: ReportPromqlFault,
): Checked {
  const checked = { node: node.name, from: node.from, to: node.to, parts };
  if (MODIFIED.has(node.name)) {
    const expression = checkModified(text, checked, report);
    return expression === undefined ? checked : { ...checked, expression };
  }
  const type = inferType(text, node, checked, report);
  return type === undefined
    ? checked
    : { ...checked, expression: { type, operand: operandOf(checked, type) } };
}

const MODIFIED: ReadonlySet<string> = new Set([
  'OffsetExpr',
  'StepInvariantExpr',
  'MatrixSelector',
  'SubqueryExpr',
  'AnchoredExpr',
  'SmoothedExpr',
]);

/** The type of an expression; undefined for other nodes. */
function inferType(
  text: string,
  node: PromqlNode,
  checked: Checked,
  report: ReportPromqlFault,
): InferredType | undefined {
  switch (node.name) {
    case 'NumberDurationLiteral':
      checkNumber(text, checked, report);
      return 'scalar';
    case 'StringLiteral':
      return 'string';
    case 'VectorSelector':
      checkSelector(text, node, { mayBeEmpty: isInfoSelector(text, node) }, report);
      return 'vector';
    case 'FunctionCall':
      return checkFunctionCall(text, checked, report);
    case 'AggregateExpr':
      checkAggregation(text, checked, report);
      return 'vector';
    case 'ParenExpr':
      return checked.parts.find(isExpression)?.expression.type ?? 'unknown';
    case 'UnaryExpr':
      return checkUnary(checked, report);
    case 'BinaryExpr':
      return checkBinary(text, checked, report);
    case 'GroupingLabels':
      checkLabelList(text, checked, report);
      return undefined;
    default:
      return undefined;
  }
}

function checkUnary(checked: Checked, report: ReportPromqlFault): InferredType {
  const inner = checked.parts.find(isExpression);
  const type = inner?.expression.type ?? 'unknown';
  if (type === 'matrix' || type === 'string') {
    const message = `a sign requires a scalar or an instant vector, found ${describeType(type)}`;
    report(checked.from, checked.to, message);
    return 'unknown';
  }
  return type;
}

/** The second argument of `info` selects labels, not series, and may be empty. */
function isInfoSelector(text: string, node: PromqlNode): boolean {
  let argument = node;
  while (argument.parent !== null && SHIFTING.has(argument.parent.name)) argument = argument.parent;
  const call = argument.parent?.parent;
  if (call?.name !== 'FunctionCall' || nameAt(text, call.from) !== 'info') return false;
  return operandNodes(call)[1]?.from === argument.from;
}

const SHIFTING: ReadonlySet<string> = new Set(['OffsetExpr', 'StepInvariantExpr']);
