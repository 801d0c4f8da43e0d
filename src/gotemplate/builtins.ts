import { equals, equalsAny, isLess, isLessOrEqual } from './comparison.ts';
import { escapeHtml, escapeJavaScript, escapeUrlQuery } from './escaping.ts';
import { print, printLine } from './format/print.ts';
import { printf } from './format/printf.ts';
import { index, length, slice } from './indexing.ts';
import { CallFault } from './template-error.ts';
import { isTrue, type TemplateValue, typeName } from './value.ts';

/** A function of Go's text/template. */
export interface Builtin {
  /** The number of required arguments; unless `isVariadic`, there are no others. */
  readonly required: number;
  readonly isVariadic: boolean;
  /** The first argument must be a string. */
  readonly takesFormat: boolean;
  /**
   * Arguments are evaluated up to the first one with this truth value, which is the result; otherwise the last one
   * is.
   */
  readonly stopsAt: boolean | undefined;
  /** @throws CallFault, LimitFault */
  readonly call: (values: readonly TemplateValue[]) => TemplateValue;
}

type Call = Builtin['call'];

/**
 * The functions of all templates, by name.
 *
 * @see https://pkg.go.dev/text/template#hdr-Functions
 */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map([
  ['and', { ...variadic(1, lastOf), stopsAt: false }],
  ['or', { ...variadic(1, lastOf), stopsAt: true }],
  ['not', unary((value) => !isTrue(value))],
  ['len', unary(length)],
  ['index', variadic(1, withRest(index))],
  ['slice', variadic(1, withRest(slice))],
  ['eq', variadic(1, withRest(equalsAny))],
  ['ne', binary((a, b) => !equals(a, b))],
  ['lt', binary(isLess)],
  ['le', binary(isLessOrEqual)],
  ['gt', binary((a, b) => !isLessOrEqual(a, b))],
  ['ge', binary((a, b) => !isLess(a, b))],
  ['print', variadic(0, print)],
  ['println', variadic(0, printLine)],
  ['printf', { ...variadic(1, withRest(formatted)), takesFormat: true }],
  ['html', variadic(0, escapeHtml)],
  ['js', variadic(0, escapeJavaScript)],
  ['urlquery', variadic(0, escapeUrlQuery)],
  ['call', variadic(1, withRest(callFunction))],
]);

function fixed(required: number, call: Call): Builtin {
  return { required, isVariadic: false, takesFormat: false, stopsAt: undefined, call };
}

function unary(call: (value: TemplateValue) => TemplateValue): Builtin {
  return fixed(1, ([value = null]) => call(value));
}

function binary(call: (a: TemplateValue, b: TemplateValue) => TemplateValue): Builtin {
  return fixed(2, ([a = null, b = null]) => call(a, b));
}

function variadic(required: number, call: Call): Builtin {
  return { ...fixed(required, call), isVariadic: true };
}

function withRest(
  call: (first: TemplateValue, rest: readonly TemplateValue[]) => TemplateValue,
): Call {
  return ([first = null, ...rest]) => call(first, rest);
}

function lastOf(values: readonly TemplateValue[]): TemplateValue {
  return values.at(-1) ?? null;
}

function formatted(format: TemplateValue, values: readonly TemplateValue[]): string {
  return printf(String(format), values);
}

/** No value in a rule is a function. */
function callFunction(value: TemplateValue): never {
  throw new CallFault(value === null ? 'call of nil' : `non-function of type ${typeName(value)}`);
}
