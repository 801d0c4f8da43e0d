import { NEWER } from '../syntax/availability.ts';
import type { ReportPromqlFault } from '../syntax/fault.ts';
import { unquote } from '../syntax/unquote.ts';
import type { InferredType } from './checked.ts';
import {
  type Checked,
  type CheckedExpression,
  describeType,
  isExpression,
  part,
} from './checked.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['Eql', 'Neq', 'Lss', 'Lte', 'Gtr', 'Gte']);
const SET_OPERATORS: ReadonlySet<string> = new Set(['And', 'Or', 'Unless']);
const MODIFIERS: ReadonlySet<string> = new Set([
  'BoolModifier',
  'MatchingModifierClause',
  'FillModifier',
  'LineComment',
]);

interface Operation {
  readonly operator: Checked;
  /** As written in the query. */
  readonly symbol: string;
  readonly sides: readonly [CheckedExpression, CheckedExpression];
  readonly bool: Checked | undefined;
  readonly matching: Checked | undefined;
  readonly fill: Checked | undefined;
}

/** Checks an operation such as `a / on (pod) group_left b` and determines its type. */
export function checkBinary(
  text: string,
  binary: Pick<Checked, 'parts'>,
  report: ReportPromqlFault,
): InferredType {
  const operation = readOperation(text, binary);
  if (operation === undefined) {
    return 'unknown';
  }
  checkTrimming(operation, report);
  const areSound = checkOperands(operation, report);
  checkBool(operation, report);
  checkMatching(text, operation, areSound, report);
  if (areSound) {
    checkSetOperator(operation, report);
  }
  return areSound ? resultOf(operation) : 'unknown';
}

function readOperation(text: string, binary: Pick<Checked, 'parts'>): Operation | undefined {
  const [left, right] = binary.parts.filter(isExpression);
  const operator = binary.parts.find(
    (candidate) => !isExpression(candidate) && !MODIFIERS.has(candidate.node),
  );
  if (left === undefined || right === undefined || operator === undefined) {
    return undefined;
  }
  return {
    operator,
    symbol: text.slice(operator.from, operator.to),
    sides: [left, right],
    bool: part(binary, 'BoolModifier'),
    matching: part(binary, 'MatchingModifierClause'),
    fill: part(binary, 'FillModifier'),
  };
}

/** `</` and `>/` trim native histograms. */
function checkTrimming({ operator, symbol }: Operation, report: ReportPromqlFault): void {
  if (symbol === '</' || symbol === '>/') {
    report(operator.from, operator.to, `the operator \`${symbol}\``, NEWER);
  }
}

function checkOperands({ sides, symbol }: Operation, report: ReportPromqlFault): boolean {
  let areSound = true;
  for (const side of sides) {
    const { type } = side.expression;
    if (type === 'matrix' || type === 'string') {
      areSound = false;
      const message = `\`${symbol}\` takes scalars and instant vectors, found ${describeType(type)}`;
      report(side.from, side.to, message);
    }
  }
  return areSound;
}

function checkBool({ operator, symbol, sides, bool }: Operation, report: ReportPromqlFault): void {
  const isComparison = COMPARISONS.has(operator.node);
  if (bool !== undefined && !isComparison) {
    report(
      bool.from,
      bool.to,
      `\`bool\` is for comparisons (such as \`>\`), not with \`${symbol}\``,
    );
  }
  if (
    bool === undefined &&
    isComparison &&
    sides.every((side) => side.expression.type === 'scalar')
  ) {
    const message = `comparing two scalars needs \`bool\`: \`${symbol} bool\``;
    report(operator.from, operator.to, message);
  }
}

function checkMatching(
  text: string,
  { operator, sides, matching, fill }: Operation,
  areSound: boolean,
  report: ReportPromqlFault,
): void {
  // Set operators do not accept scalars, see `checkSetOperator`.
  const hasScalar =
    !SET_OPERATORS.has(operator.node) && sides.some((side) => side.expression.type === 'scalar');
  if (matching !== undefined) {
    checkLabelsOnce(text, matching, report);
    const [labels] = labelLists(text, matching);
    if (areSound && hasScalar && labels !== undefined && labels.length > 0) {
      const message = 'matching labels takes an instant vector on both sides, found a scalar';
      report(matching.from, matching.to, message);
    }
  }
  if (fill !== undefined) {
    report(fill.from, fill.to, '`fill`', NEWER);
  }
  if (fill !== undefined && areSound && hasScalar) {
    report(fill.from, fill.to, 'filling in takes an instant vector on both sides, found a scalar');
  }
}

/** A label must not be in both `on` and the grouping modifier. */
function checkLabelsOnce(text: string, matching: Checked, report: ReportPromqlFault): void {
  const [matched = [], included = []] = labelLists(text, matching);
  const twice = matched.find((label) => included.includes(label));
  if (part(matching, 'On') !== undefined && twice !== undefined) {
    const message = `label \`${twice}\` must not be in both \`on\` and \`group_left\` or \`group_right\``;
    report(matching.from, matching.to, message);
  }
}

function labelLists(text: string, matching: Checked): readonly (readonly string[])[] {
  return matching.parts
    .filter(({ node }) => node === 'GroupingLabels')
    .map(({ parts }) =>
      parts
        .filter(({ node }) => node === 'LabelName' || node === 'QuotedLabelName')
        .map(({ from, to }) => unquote(text.slice(from, to)).text ?? text.slice(from, to)),
    );
}

function checkSetOperator(operation: Operation, report: ReportPromqlFault): void {
  const { operator, symbol, sides, matching, fill } = operation;
  if (!SET_OPERATORS.has(operator.node)) {
    return;
  }
  const scalar = sides.find((side) => side.expression.type === 'scalar');
  if (scalar !== undefined) {
    const message = `\`${symbol}\` takes an instant vector on both sides, found ${describeType('scalar')}`;
    report(scalar.from, scalar.to, message);
  }
  const grouping = matching && (part(matching, 'GroupLeft') ?? part(matching, 'GroupRight'));
  if (grouping !== undefined && scalar === undefined) {
    const message = `\`${symbol}\` does not support \`${groupingWord(grouping)}\`: it always matches many to many`;
    report(grouping.from, grouping.to, message);
  }
  if (fill !== undefined && scalar === undefined) {
    report(fill.from, fill.to, `\`${symbol}\` has no missing samples to fill`);
  }
}

function groupingWord({ node }: Checked): string {
  return node === 'GroupLeft' ? 'group_left' : 'group_right';
}

function resultOf({ sides }: Operation): InferredType {
  return sides.every((side) => side.expression.type === 'scalar') ? 'scalar' : 'vector';
}
