import { formatArgument } from './format/argument.ts';
import { NO_FLAGS } from './format/flags.ts';
import { CallFault } from './template-error.ts';
import { compareBytes, type GoStruct, type TemplateValue, typeName } from './value.ts';

/**
 * `eq`: whether the first value is equal to one of the others.
 *
 * @throws CallFault for types that Go does not compare
 */
export function equalsAny(value: TemplateValue, others: readonly TemplateValue[]): boolean {
  if (others.length === 0) {
    throw new CallFault('missing argument for comparison');
  }
  return others.some((other) => equals(value, other));
}

/** @throws CallFault for types that Go does not compare */
export function equals(a: TemplateValue, b: TemplateValue): boolean {
  const left = integerOf(a);
  const right = integerOf(b);
  if (left !== undefined && right !== undefined) {
    return left === right;
  }
  if (a === null || b === null) {
    return a === b;
  }
  if (isBasic(a) || isBasic(b)) {
    return equalsBasic(a, b);
  }
  return equalsComposite(a, b);
}

function equalsBasic(a: TemplateValue, b: TemplateValue): boolean {
  if (typeName(a) !== typeName(b)) {
    throw incompatible(a, b);
  }
  return a === b;
}

function equalsComposite(a: TemplateValue, b: TemplateValue): boolean {
  if (kindOf(a) !== kindOf(b)) {
    throw new CallFault(
      `non-comparable types ${show(a)}: ${typeName(a)}, ${typeName(b)}: ${show(b)}`,
    );
  }
  if (!isComparable(b)) {
    throw new CallFault(`non-comparable type ${show(b)}: ${typeName(b)}`);
  }
  return isStruct(a) && isStruct(b) && equalsStruct(a, b);
}

/** Structs of different types are not equal. */
function equalsStruct(a: GoStruct, b: GoStruct): boolean {
  return (
    a.typeName === b.typeName &&
    [...a.fields].every(([name, field]) => equals(field, b.fields.get(name) ?? null))
  );
}

/** Maps and slices, and structs that contain them, are not comparable. */
function isComparable(value: TemplateValue): boolean {
  return isBasic(value) || (isStruct(value) && [...value.fields.values()].every(isComparable));
}

/** `lt`. @throws CallFault for types that have no order */
export function isLess(a: TemplateValue, b: TemplateValue): boolean {
  checkBasic(a);
  checkBasic(b);
  const left = integerOf(a);
  const right = integerOf(b);
  if (left !== undefined && right !== undefined) {
    return left < right;
  }
  if (typeof a === 'number' && typeof b === 'number') {
    return a < b;
  }
  if (typeof a === 'string' && typeof b === 'string') {
    return compareBytes(a, b) < 0;
  }
  throw typeName(a) === typeName(b) ? invalidType() : incompatible(a, b);
}

/** `le`. @throws CallFault for types that have no order */
export function isLessOrEqual(a: TemplateValue, b: TemplateValue): boolean {
  return isLess(a, b) || equals(a, b);
}

function checkBasic(value: TemplateValue): void {
  if (!isBasic(value)) {
    throw invalidType();
  }
}

/** Integers of all types compare with each other. */
function integerOf(value: TemplateValue): bigint | undefined {
  if (typeof value === 'bigint') {
    return value;
  }
  const isByte = typeof value === 'object' && value?.kind === 'byte';
  return isByte ? BigInt(value.value) : undefined;
}

function isBasic(value: TemplateValue): boolean {
  return typeof value !== 'object' || value?.kind === 'byte';
}

function isStruct(value: TemplateValue): value is GoStruct {
  return kindOf(value) === 'struct';
}

function kindOf(value: TemplateValue): string {
  return typeof value === 'object' && value !== null ? value.kind : typeof value;
}

function incompatible(a: TemplateValue, b: TemplateValue): CallFault {
  return new CallFault(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

function invalidType(): CallFault {
  return new CallFault('invalid type for comparison');
}

function show(value: TemplateValue): string {
  return formatArgument(value, 'v', NO_FLAGS);
}
