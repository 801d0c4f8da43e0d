import { nearestName } from '../../text/nearest-name.ts';
import { SINCE_2_53, SINCE_3_5 } from '../syntax/availability.ts';
import type { ReportPromqlFault } from '../syntax/fault.ts';
import {
  AGGREGATIONS,
  availabilityOf,
  FUNCTIONS,
  type FunctionSignature,
} from '../syntax/functions.ts';
import { isLegacyName } from '../syntax/matcher.ts';
import { nameAt } from '../syntax/parse.ts';
import { unquote } from '../syntax/unquote.ts';
import { anchored, regexFault } from './check-selector.ts';
import {
  type Checked,
  type CheckedExpression,
  describeType,
  type InferredType,
  isExpression,
  isOfType,
  part,
} from './checked.ts';
import { outlineRegexp } from './regexp-source.ts';

/** Checks a function call and determines its type. */
export function checkFunctionCall(
  text: string,
  call: Pick<Checked, 'from' | 'parts'>,
  report: ReportPromqlFault,
): InferredType {
  const name = nameAt(text, call.from);
  const signature = FUNCTIONS.get(name);
  if (signature === undefined) {
    report(call.from, call.from + name.length, unknownFunction(name));
    return 'unknown';
  }
  checkAvailability(name, call.from, report);
  const given = argumentsOf(call);
  checkArguments({ name, from: call.from, signature, given }, report);
  if (name === 'info') {
    checkInfoSelector(text, given[1], report);
  }
  if (name === 'label_replace') {
    checkReplacementRegex(text, given[4], report);
  }
  checkLabelArguments(text, { name, given }, report);
  return signature.result;
}

/** Checks an aggregation such as `sum by (pod) (x)`. Its type is always an instant vector. */
export function checkAggregation(
  text: string,
  aggregation: Pick<Checked, 'from' | 'parts'>,
  report: ReportPromqlFault,
): void {
  const name = nameAt(text, aggregation.from);
  const signature = AGGREGATIONS.get(name.toLowerCase());
  if (signature !== undefined) {
    checkAvailability(name.toLowerCase(), aggregation.from, report);
    const given = argumentsOf(aggregation);
    checkArguments({ name, from: aggregation.from, signature, given }, report);
    checkLabelArguments(text, { name, given }, report);
  }
}

function checkAvailability(name: string, from: number, report: ReportPromqlFault): void {
  const availability = availabilityOf(name);
  if (availability !== undefined) {
    report(from, from + name.length, `the function \`${name}\``, availability);
  }
}

/** The second argument of `info` is a selector that selects labels. */
function checkInfoSelector(
  text: string,
  argument: CheckedExpression | undefined,
  report: ReportPromqlFault,
): void {
  if (argument === undefined || !isOfType(argument.expression.type, 'vector')) return;
  const { shape, from } = argument.expression.operand;
  const isSelector = shape === 'instant' && from === argument.from && text.charAt(from) === '{';
  if (!isSelector) {
    const message =
      '`info` takes label matchers between braces as argument 2, e.g. {version=~".+"}';
    report(argument.from, argument.to, message);
  }
}

interface Call {
  readonly name: string;
  readonly from: number;
  readonly signature: FunctionSignature;
  readonly given: readonly CheckedExpression[];
}

function argumentsOf(call: Pick<Checked, 'parts'>): readonly CheckedExpression[] {
  return part(call, 'FunctionCallBody')?.parts.filter(isExpression) ?? [];
}

function checkArguments(call: Call, report: ReportPromqlFault): void {
  const { name, from, signature, given } = call;
  if (given.length < signature.least || given.length > signature.most) {
    const message = `\`${name}\` takes ${expectedCount(signature)}, found ${given.length}`;
    report(from, from + name.length, message);
    return;
  }
  for (const [i, argument] of given.entries()) {
    const wanted = signature.parameters[i] ?? signature.parameters.at(-1);
    if (wanted !== undefined && !isOfType(argument.expression.type, wanted)) {
      const which = given.length === 1 ? '' : ` as argument ${i + 1}`;
      const found = describeType(argument.expression.type);
      const message = `\`${name}\` takes ${describeType(wanted)}${which}, found ${found}`;
      report(argument.from, argument.to, message);
    }
  }
}

function expectedCount({ least, most }: FunctionSignature): string {
  if (most === 0) {
    return 'no arguments';
  }
  const count = least === most ? `${least}` : most === Infinity ? '' : `${least} to ${most}`;
  const number = count === '' ? `at least ${least}` : count;
  return `${number} ${number === '1' ? 'argument' : 'arguments'}`;
}

function unknownFunction(name: string): string {
  const meant = nearestName(name, [...FUNCTIONS.keys(), ...AGGREGATIONS.keys()]);
  return `there is no function \`${name}\`${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`;
}

/** Prometheus compiles the expression at each evaluation, which then fails. */
function checkReplacementRegex(
  text: string,
  argument: CheckedExpression | undefined,
  report: ReportPromqlFault,
): void {
  if (argument?.node !== 'StringLiteral') {
    return;
  }
  const { text: expression = '', isUtf8 } = unquote(text.slice(argument.from, argument.to));
  const fault = isUtf8 === false ? 'invalid UTF-8' : regexFault(anchored(expression));
  if (fault !== undefined) {
    report(argument.from, argument.to, `expected a regular expression (RE2): ${fault}`);
  } else if (outlineRegexp(expression).hasNameWithoutP) {
    report(argument.from, argument.to, 'a group named without `P`', SINCE_2_53);
  }
}

/** Whether an argument names a label of the result, or a label that must be valid, by its index. */
const LABEL_ARGUMENTS: ReadonlyMap<string, (index: number) => boolean> = new Map([
  ['count_values', (index: number) => index === 0],
  ['label_join', (index: number) => index === 1 || index > 2],
  ['label_replace', (index: number) => index === 1],
]);

/** Prometheus checks these labels at each evaluation, which then fails. */
function checkLabelArguments(
  text: string,
  { name, given }: Pick<Call, 'name' | 'given'>,
  report: ReportPromqlFault,
): void {
  const isLabel = LABEL_ARGUMENTS.get(name.toLowerCase());
  for (const [i, { node, from, to }] of given.entries()) {
    if (node !== 'StringLiteral' || !isLabel?.(i)) continue;
    const written = text.slice(from, to);
    const { text: label = '', isUtf8 } = unquote(written);
    if (label === '' || !isUtf8) {
      report(from, to, `\`${name}\` takes a label name as argument ${i + 1}, found ${written}`);
    } else if (!isLegacyName(label)) {
      report(from, to, `the label name ${written} in \`${name}\``, SINCE_3_5);
    }
  }
}
