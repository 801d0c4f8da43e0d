import { CallFault } from './template-error.ts';
import { type GoStrings, goByte, goStrings, type TemplateValue, typeName } from './value.ts';

/**
 * `index`: `index x 1 2` is `x[1][2]` of a map, a slice or a string. A missing key of a map gives
 * the empty string.
 *
 * @throws CallFault
 */
export function index(item: TemplateValue, indexes: readonly TemplateValue[]): TemplateValue {
  if (item === null) {
    throw new CallFault('index of untyped nil');
  }
  return indexes.reduce(indexOnce, item);
}

function indexOnce(item: TemplateValue, key: TemplateValue): TemplateValue {
  if (typeof item === 'string') {
    const bytes = Buffer.from(item);
    return goByte(bytes[position(key, bytes.length - 1)] ?? 0);
  }
  if (isObject(item) && item.kind === 'strings') {
    return item.items[position(key, item.items.length - 1)] ?? '';
  }
  if (isObject(item) && item.kind === 'map') {
    return item.entries.get(mapKey(key)) ?? '';
  }
  throw new CallFault(`can't index item of type ${typeName(item)}`);
}

function mapKey(key: TemplateValue): string {
  if (key === null) {
    throw new CallFault('value is nil; should be of type string');
  }
  if (typeof key !== 'string') {
    throw new CallFault(`value has type ${typeName(key)}; should be string`);
  }
  return key;
}

/**
 * `slice`: `slice x 1 2` is `x[1:2]` of a string or a slice, `slice x 1` is `x[1:]`; for a slice
 * `slice x 1 2 3` is `x[1:2:3]`.
 *
 * @throws CallFault
 */
export function slice(item: TemplateValue, indexes: readonly TemplateValue[]): TemplateValue {
  if (item === null) {
    throw new CallFault('slice of untyped nil');
  }
  if (indexes.length > 3) {
    throw new CallFault(`too many slice indexes: ${indexes.length}`);
  }
  if (typeof item === 'string') {
    return sliceText(item, indexes);
  }
  if (isObject(item) && item.kind === 'strings') {
    return sliceStrings(item, indexes);
  }
  throw new CallFault(`can't slice item of type ${typeName(item)}`);
}

function sliceText(text: string, indexes: readonly TemplateValue[]): string {
  if (indexes.length === 3) {
    throw new CallFault('cannot 3-index slice a string');
  }
  const bytes = Buffer.from(text);
  const [start = 0, end = bytes.length] = indexes.map((at) => position(at, bytes.length));
  checkOrder(start, end);
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    throw new CallFault(`slice [${start}:${end}] cuts a character of several bytes`);
  }
}

function sliceStrings({ items, spare }: GoStrings, indexes: readonly TemplateValue[]): GoStrings {
  const all = [...items, ...spare];
  const [start = 0, end = items.length, capacity = all.length] = indexes.map((at) =>
    position(at, all.length),
  );
  checkOrder(start, end);
  checkOrder(end, capacity);
  return goStrings(all.slice(start, end), all.slice(end, capacity));
}

function checkOrder(start: number, end: number): void {
  if (start > end) {
    throw new CallFault(`invalid slice index: ${start} > ${end}`);
  }
}

/** @param largest the maximum */
function position(at: TemplateValue, largest: number): number {
  if (at === null) {
    throw new CallFault('cannot index slice/array with nil');
  }
  const number = typeof at === 'bigint' ? at : isObject(at) && at.kind === 'byte' ? at.value : null;
  if (number === null) {
    throw new CallFault(`cannot index slice/array with type ${typeName(at)}`);
  }
  if (number < 0 || number > largest) {
    throw new CallFault(`index out of range: ${number}`);
  }
  return Number(number);
}

/** `len`: of a string in bytes. @throws CallFault for a value without length */
export function length(item: TemplateValue): bigint {
  if (item === null) {
    throw new CallFault('len of untyped nil');
  }
  if (typeof item === 'string') {
    return BigInt(Buffer.byteLength(item));
  }
  if (isObject(item) && item.kind === 'strings') {
    return BigInt(item.items.length);
  }
  if (isObject(item) && item.kind === 'map') {
    return BigInt(item.entries.size);
  }
  throw new CallFault(`len of type ${typeName(item)}`);
}

function isObject(value: TemplateValue): value is Extract<TemplateValue, { kind: string }> {
  return typeof value === 'object' && value !== null;
}
