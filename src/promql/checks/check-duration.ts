import { type Availability, EVERY, NEWER, SINCE_3_5 } from '../syntax/availability.ts';
import { parseDuration } from '../syntax/duration.ts';
import type { ReportPromqlFault } from '../syntax/fault.ts';
import { foldTree } from '../syntax/fold.ts';
import { parsePromql } from '../syntax/parse.ts';
import type { Checked } from './checked.ts';

/** Prometheus has durations in 64-bit nanoseconds. This is the limit rounded to a float64, which it accepts. */
const LONGEST_SECONDS = 2 ** 63 / 1e9;

/** For calculated durations it checks only the seconds. */
const LONGEST_CALCULATED = 2 ** 63;

const EXPRESSION: Availability = { versions: ['3.5'], feature: 'promql-duration-expr' };

/** A range, a step or an offset. */
interface Amount {
  /** Seconds; undefined if known only at evaluation. */
  readonly seconds: number | undefined;
  /**
   * `negative`: a minus before a plain duration; `signed`: other signs before a plain duration or
   * number; `newer`: not known to Prometheus 3.5.
   */
  readonly form: 'duration' | 'number' | 'negative' | 'signed' | 'expression' | 'newer';
}

/** Checks a number that is an expression or a timestamp. */
export function checkNumber(
  text: string,
  { from, to }: Pick<Checked, 'from' | 'to'>,
  report: ReportPromqlFault,
): void {
  // In the grammar, a sign and white space before it may be part of the number.
  const written = text.slice(from, to).split(/\s/).at(-1)?.replace(/^[-+]/, '') ?? '';
  if (parseDuration(written) !== undefined) {
    report(from, to, 'a duration in place of a number', SINCE_3_5);
  } else if (written.includes('_')) {
    report(from, to, 'a number with `_` between its digits', SINCE_3_5);
  }
}

/** Checks the range and the step of `[5m]` or `[5m:1m]`: both must be longer than 0. */
export function checkRangeAmounts(
  text: string,
  { parts }: Pick<Checked, 'parts'>,
  report: ReportPromqlFault,
): void {
  for (const part of parts.filter(({ node }) => node === 'DurationExpr')) {
    if (!checkLiterals(text, part, /^(?:inf|nan)$/i, report)) continue;
    const amount = amountOf(text, part);
    if (amount.seconds !== undefined && !(amount.seconds > 0)) {
      report(part.from, part.to, 'a range or step must be longer than 0');
    } else {
      checkLength(part, amount, report);
    }
    reportForm(part, amount, report);
  }
}

/**
 * Warns about a letter after the range of a subquery. Prometheus parses it as a colon, so `[5 m]` is
 * the subquery `[5:]` of 5 seconds.
 */
export function checkColon(
  text: string,
  { parts, to }: Pick<Checked, 'parts' | 'to'>,
  report: ReportPromqlFault,
): void {
  const [range, step] = parts.filter(({ node }) => node === 'DurationExpr');
  if (range === undefined) return;
  const between = text.slice(range.to, step?.from ?? to);
  // A comment ends with its line. Otherwise the expression could match a long one in many ways.
  const letter = /^(?:\s|#[^\r\n]*[\r\n])*(?<letter>[a-zA-Z_])/.exec(between);
  if (letter === null) return;
  const end = range.to + letter[0].length;
  const written = letter.groups?.letter ?? '';
  report(
    end - 1,
    end,
    `\`${written}\` after a range is read as \`:\`, which makes a subquery`,
    EVERY,
  );
}

/** Checks the amount after `offset`. */
export function checkOffsetAmount(
  text: string,
  { parts }: Pick<Checked, 'parts'>,
  report: ReportPromqlFault,
): void {
  const part = parts.find(({ node }) => node === 'OffsetDurationExpr');
  if (part === undefined) return;
  const calculated = calculatedAmount(text, part);
  const isSound =
    calculated === undefined
      ? checkLiterals(text, part, undefined, report)
      : checkLiterals(calculated.text, calculated.part, undefined, (from, to, ...found) =>
          report(from + calculated.shift, to + calculated.shift, ...found),
        );
  if (!isSound) return;
  const amount = amountOf(text, part);
  checkLength(part, amount, report);
  if (amount.form === 'negative' || amount.form === 'duration') {
    reportZero(part, amount, report);
  } else {
    reportForm(part, amount, report);
  }
}

/** Whether an offset is a plain 0, which another offset may follow. */
export function isZeroOffset(text: string, { parts }: Pick<Checked, 'parts'>): boolean {
  const part = parts.find(({ node }) => node === 'OffsetDurationExpr');
  if (part === undefined) return false;
  const calculation = calculatedAmount(text, part);
  return amountOf(text, part).seconds === 0 && !hasOperator(calculation?.part ?? part);
}

function hasOperator({ parts }: Checked): boolean {
  const operands = parts.filter(({ node }) => DURATIONS.has(node));
  return operands.length > 1 || operands.some(hasOperator);
}

/** The value of a number or duration in seconds; undefined: neither. */
export function secondsOf(written: string): number | undefined {
  if (written === '') return undefined;
  if (/^inf$/i.test(written)) return Infinity;
  const milliseconds = parseDuration(written);
  const seconds =
    milliseconds === undefined ? Number(written.replaceAll('_', '')) : milliseconds / 1000;
  return Number.isNaN(seconds) ? undefined : seconds;
}

function reportZero(part: Checked, { seconds }: Amount, report: ReportPromqlFault): void {
  if (seconds === 0) report(part.from, part.to, 'an offset of 0', SINCE_3_5);
}

function reportForm(part: Checked, { form }: Amount, report: ReportPromqlFault): void {
  switch (form) {
    case 'duration':
      return;
    case 'number':
      report(part.from, part.to, 'a number of seconds in place of a duration', SINCE_3_5);
      return;
    case 'negative':
    case 'signed':
      report(part.from, part.to, 'a duration with a sign', SINCE_3_5);
      return;
    case 'expression':
      report(part.from, part.to, 'a calculated duration', EXPRESSION);
      return;
    case 'newer':
      report(part.from, part.to, 'a function in a duration', NEWER);
  }
}

function checkLength(part: Checked, { seconds, form }: Amount, report: ReportPromqlFault): void {
  if (seconds === undefined) return;
  if (form === 'expression') {
    if (Math.abs(seconds) > LONGEST_CALCULATED) {
      report(part.from, part.to, 'a calculated duration must be at most 2^63 seconds');
    }
  } else if (Math.abs(seconds) > LONGEST_SECONDS) {
    report(part.from, part.to, 'a duration must be shorter than 292 years');
  }
}

/**
 * Checks each literal of an amount, and that nothing is divided by 0.
 *
 * @param rejected words that are not literals here
 */
function checkLiterals(
  text: string,
  part: Checked,
  rejected: RegExp | undefined,
  report: ReportPromqlFault,
): boolean {
  const literal = part.parts.find(isDurationLiteral);
  if (literal !== undefined) {
    const written = text.slice(literal.from, literal.to);
    if (rejected?.test(written)) {
      report(literal.from, literal.to, `expected a duration such as \`5m\`, found \`${written}\``);
      return false;
    }
    if ((secondsOf(written) ?? 0) > LONGEST_SECONDS) {
      report(literal.from, literal.to, 'a duration must be shorter than 292 years');
      return false;
    }
    return true;
  }
  const [left, right] = part.parts.filter(({ node }) => DURATIONS.has(node));
  const areSound = [left, right].map(
    (operand) => operand === undefined || checkLiterals(text, operand, rejected, report),
  );
  if (left !== undefined && right !== undefined && amountOf(text, right).seconds === 0) {
    const symbol = symbolOf(text, part);
    if (symbol === '/' || symbol === '%') {
      report(right.from, right.to, 'a duration must not be divided by 0');
      return false;
    }
  }
  return areSound.every(Boolean);
}

function isDurationLiteral({ node }: Checked): boolean {
  return node === 'NumberDurationLiteralInDurationContext';
}

/** Checks the amount of a calculated offset, which is one literal in the tree (see `ParsedPromql`). */
function calculatedAmount(
  text: string,
  { node, parts, from, to }: Checked,
): { readonly text: string; readonly part: Checked; readonly shift: number } | undefined {
  const literal = node === 'OffsetDurationExpr' ? parts.find(isDurationLiteral) : undefined;
  if (literal === undefined || !/^[-+(]/.test(text.slice(from, to))) return undefined;
  // As a step, which may contain comments.
  const before = '_[1s:';
  const range = `${before}${text.slice(from, to)}]`;
  const selector = foldTree<Checked>(parsePromql(range).tree, ({ name, from, to }, parts) => ({
    node: name,
    from,
    to,
    parts,
  }))?.parts[0];
  const part = selector?.parts.findLast(({ node }) => node === 'DurationExpr');
  return part && { text: range, part, shift: from - before.length };
}

/** Reads a `DurationExpr` or `OffsetDurationExpr`. */
function amountOf(text: string, expression: Checked): Amount {
  const { parts } = expression;
  const calculation = calculatedAmount(text, expression);
  if (calculation !== undefined) return amountOf(calculation.text, calculation.part);
  const inner = parts.filter(({ node }) => DURATIONS.has(node)).map((part) => amountOf(text, part));
  const [left, right] = inner;
  if (left === undefined) return leafAmount(text, expression);
  if (parts.some(({ node }) => node.startsWith('DurationM'))) return NEWER_AMOUNT;
  if (right !== undefined) return calculated(text, expression, left, right);
  const sign = parts.find(({ node }) => node === 'UnaryOp');
  if (sign === undefined) return { ...left, form: withinExpression(left) };
  const isNegative = text.charAt(sign.from) === '-';
  const seconds = isNegative && left.seconds !== undefined ? -left.seconds : left.seconds;
  if (left.form === 'expression' || left.form === 'newer') return { seconds, form: left.form };
  return { seconds, form: isNegative && left.form === 'duration' ? 'negative' : 'signed' };
}

const DURATIONS: ReadonlySet<string> = new Set(['DurationExpr', 'OffsetDurationExpr']);

const NEWER_AMOUNT: Amount = { seconds: undefined, form: 'newer' };

function leafAmount(text: string, { parts }: Checked): Amount {
  const literal = parts.find(isDurationLiteral);
  if (literal === undefined) return NEWER_AMOUNT;
  const written = text.slice(literal.from, literal.to);
  return {
    seconds: secondsOf(written) ?? Number.NaN,
    form: parseDuration(written) === undefined ? 'number' : 'duration',
  };
}

function withinExpression({ form }: Amount): Amount['form'] {
  return form === 'newer' ? 'newer' : 'expression';
}

function calculated(text: string, { parts }: Checked, left: Amount, right: Amount): Amount {
  const symbol = symbolOf(text, { parts });
  // A comma, which is `+` in the text for the grammar.
  if (symbol === ',' || left.form === 'newer' || right.form === 'newer') return NEWER_AMOUNT;
  return {
    seconds:
      left.seconds === undefined || right.seconds === undefined
        ? undefined
        : calculate(symbol, left.seconds, right.seconds),
    form: 'expression',
  };
}

function symbolOf(text: string, { parts }: Pick<Checked, 'parts'>): string {
  const operator = parts.find(({ node }) => !DURATIONS.has(node) && node !== 'LineComment');
  return operator === undefined ? '' : text.slice(operator.from, operator.to);
}

function calculate(symbol: string, left: number, right: number): number | undefined {
  switch (symbol) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '^':
      return left ** right;
    default:
      return undefined;
  }
}
