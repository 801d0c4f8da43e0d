import { NEWER } from '../syntax/availability.ts';
import type { ReportPromqlFault } from '../syntax/fault.ts';
import {
  checkColon,
  checkOffsetAmount,
  checkRangeAmounts,
  isZeroOffset,
  secondsOf,
} from './check-duration.ts';
import {
  type Checked,
  describeType,
  type InferredType,
  isExpression,
  isOfType,
  type Operand,
} from './checked.ts';

/** Chains of operators. A modifier at the end applies to the last link. */
const CHAINS: ReadonlySet<string> = new Set(['BinaryExpr', 'UnaryExpr']);

const FAR_FUTURE = 2 ** 63;

/** A modified expression and its parts. */
type Modified = Pick<Checked, 'node' | 'from' | 'to' | 'parts'>;

/**
 * Checks an expression with a modifier at its end (`offset`, `@`, `[5m]`, `[5m:1m]`, `anchored`,
 * `smoothed`) and determines its type.
 */
export function checkModified(
  text: string,
  modified: Modified,
  report: ReportPromqlFault,
): Checked['expression'] {
  const inner = modified.parts.find(isExpression);
  if (inner === undefined) {
    return undefined;
  }
  const operand = modify(text, modified, inner.expression.operand, report);
  if (operand.from === inner.from) {
    return { type: operand.type, operand };
  }
  if (operand.type === 'unknown') {
    return { type: 'unknown', operand };
  }
  // In the grammar, the operand of the modifier is the whole chain; in Prometheus, the last link.
  if (operand.type === 'matrix' && inner.expression.operand.type !== 'matrix') {
    const message = `an operator takes scalars and instant vectors, found ${describeType('matrix')}`;
    report(operand.from, operand.to, message);
    return { type: 'unknown', operand };
  }
  return { type: inner.expression.type, operand };
}

/** The operand including a modifier. */
function modify(
  text: string,
  modified: Modified,
  operand: Operand,
  report: ReportPromqlFault,
): Operand {
  const reach = { ...operand, to: modified.to };
  switch (modified.node) {
    case 'OffsetExpr':
      checkShiftable('offset', operand, operand.hasOffset, report);
      checkOffsetAmount(text, modified, report);
      return { ...reach, hasOffset: operand.hasOffset || !isZeroOffset(text, modified) };
    case 'StepInvariantExpr':
      checkShiftable('@', operand, operand.at !== undefined, report);
      checkTimestamp(text, modified, report);
      return { ...reach, at: hasTimestamp(modified) ? 'timestamp' : 'bound' };
    case 'MatrixSelector':
      checkRangeAmounts(text, modified, report);
      return { ...reach, shape: 'range', type: checkRange(operand, report) };
    case 'SubqueryExpr':
      checkColon(text, modified, report);
      checkRangeAmounts(text, modified, report);
      return {
        shape: 'subquery',
        type: checkSubquery(operand, report),
        hasOffset: false,
        from: reach.from,
        to: reach.to,
      };
    default:
      checkExtendable(modified, operand, report);
      return reach;
  }
}

function checkShiftable(
  modifier: 'offset' | '@',
  operand: Operand,
  isSet: boolean,
  report: ReportPromqlFault,
): void {
  if (operand.type === 'unknown') return;
  if (operand.shape === 'other') {
    report(
      operand.from,
      operand.to,
      `\`${modifier}\` belongs right after a selector (\`x\`, \`x[5m]\`) or a subquery, not after ${describeOther(operand.type)}`,
    );
  } else if (isSet) {
    report(operand.from, operand.to, `\`${modifier}\` may not be set twice for the same selector`);
  }
}

function describeOther(type: InferredType): string {
  return type === 'vector' ? 'another expression' : describeType(type);
}

/** The type of an operand with a range. */
function checkRange(operand: Operand, report: ReportPromqlFault): InferredType {
  const { shape, type, hasOffset, at, from, to } = operand;
  if (type === 'unknown') return 'unknown';
  if (shape === 'range' || shape === 'subquery') {
    report(
      from,
      to,
      'a range such as `[5m]` belongs after an instant vector selector, found one that has a range already',
    );
  } else if (shape === 'other') {
    report(
      from,
      to,
      'a range such as `[5m]` belongs right after a selector; after any other instant vector write a subquery such as `[5m:]`',
    );
  } else if (hasOffset || at === 'timestamp') {
    const modifier = hasOffset ? 'offset' : '@';
    report(from, to, `the range belongs before \`${modifier}\`: \`x[5m] ${modifier} …\``);
  } else {
    return 'matrix';
  }
  return 'unknown';
}

/** The type of a subquery of an operand. */
function checkSubquery(operand: Operand, report: ReportPromqlFault): InferredType {
  if (isOfType(operand.type, 'vector')) return 'matrix';
  const found = describeType(operand.type);
  report(operand.from, operand.to, `a subquery is made of an instant vector, found ${found}`);
  return 'unknown';
}

function checkExtendable(modified: Modified, operand: Operand, report: ReportPromqlFault): void {
  if (operand.type === 'unknown') return;
  const modifier = modified.node === 'AnchoredExpr' ? 'anchored' : 'smoothed';
  if (operand.shape !== 'instant' && operand.shape !== 'range') {
    const message = `\`${modifier}\` belongs right after a selector (\`x\`, \`x[5m]\`)`;
    report(operand.from, operand.to, message);
  } else {
    report(modified.from, modified.to, `\`${modifier}\``, NEWER);
  }
}

function hasTimestamp(modified: Modified): boolean {
  return modified.parts.some(isTimestamp(modified));
}

/** The number after `@`. A number before it is the modified expression. */
function isTimestamp(modified: Modified): (candidate: Checked) => boolean {
  const at = modified.parts.find(({ node }) => node === 'At');
  return ({ node, from }) => node === 'NumberDurationLiteral' && from >= (at?.to ?? Infinity);
}

function checkTimestamp(text: string, modified: Modified, report: ReportPromqlFault): void {
  const timestamp = modified.parts.find(isTimestamp(modified));
  if (timestamp === undefined) {
    return;
  }
  const written = text.slice(timestamp.from, timestamp.to).replaceAll(/[\s_]/g, '');
  const seconds = /inf|nan/i.test(written) ? Infinity : (secondsOf(written) ?? 0);
  if (Math.abs(seconds) >= FAR_FUTURE) {
    const message = 'expected a Unix timestamp in seconds that fits into 64 bits';
    report(timestamp.from, timestamp.to, message);
  }
}

/** The operand of a modifier directly after an expression. */
export function operandOf(
  checked: Pick<Checked, 'node' | 'from' | 'to' | 'parts'>,
  type: InferredType,
): Operand {
  const last = checked.parts.filter(isExpression).at(-1);
  if (CHAINS.has(checked.node) && last !== undefined) {
    return last.expression.operand;
  }
  const shape = checked.node === 'VectorSelector' ? 'instant' : 'other';
  return { shape, type, hasOffset: false, from: checked.from, to: checked.to };
}
