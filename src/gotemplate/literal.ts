/** An invalid constant. The parser converts it to a `TemplateError` with a place. */
export class LiteralFault extends Error {
  override readonly name = 'LiteralFault';
}

/** The escapes with one letter, and their bytes. */
const ESCAPED_BYTES: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
  ['\\', 0x5c],
]);

/** The escapes after a backslash, except those with one letter and the quotes. */
const NUMERIC_ESCAPE =
  /(?<octal>[0-7]{3})|x(?<byte>[\da-fA-F]{2})|u(?<short>[\da-fA-F]{4})|U(?<long>[\da-fA-F]{8})/y;

/** A character of a literal: a Unicode code point, or a byte of one in UTF-8. */
interface Unit {
  readonly value: number;
  readonly isByte: boolean;
  /** The start of the next one. */
  readonly end: number;
}

/**
 * @param quoted a Go string constant with its quotes, `"` or `` ` ``
 * @returns its value
 * @throws LiteralFault
 */
export function unquoteString(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return quoted.startsWith('`') ? inner.replaceAll('\r', '') : unquoteInterpreted(inner);
}

function unquoteInterpreted(inner: string): string {
  const bytes: Buffer[] = [];
  for (let position = 0; position < inner.length; ) {
    const unit = readUnit(inner, position, '"');
    bytes.push(unit.isByte ? Buffer.of(unit.value) : Buffer.from(String.fromCodePoint(unit.value)));
    position = unit.end;
  }
  return decode(Buffer.concat(bytes));
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LiteralFault('invalid UTF-8 in string constant');
  }
}

/**
 * @param quoted a Go character constant with its quotes
 * @returns its number: a Unicode code point
 * @throws LiteralFault
 */
export function unquoteCharacter(quoted: string): bigint {
  const inner = quoted.slice(1, -1);
  const unit = readUnit(inner, 0, "'");
  if (unit.end !== inner.length) {
    throw new LiteralFault(`malformed character constant: ${quoted}`);
  }
  return BigInt(unit.value);
}

function readUnit(text: string, position: number, quote: string): Unit {
  const codePoint = text.codePointAt(position);
  if (codePoint === undefined || codePoint === 0x0a || text.charAt(position) === quote) {
    throw new LiteralFault('invalid syntax');
  }
  if (text.charAt(position) === '\\') {
    return readEscape(text, position + 1, quote);
  }
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  const end = position + (codePoint > 0xffff ? 2 : 1);
  return { value: isSurrogate ? 0xfffd : codePoint, isByte: false, end };
}

/** @param position after the backslash */
function readEscape(text: string, position: number, quote: string): Unit {
  const letter = text.charAt(position);
  const value = letter === quote ? quote.charCodeAt(0) : ESCAPED_BYTES.get(letter);
  return value === undefined
    ? readNumericEscape(text, position)
    : { value, isByte: false, end: position + 1 };
}

function readNumericEscape(text: string, position: number): Unit {
  NUMERIC_ESCAPE.lastIndex = position;
  const digits = NUMERIC_ESCAPE.exec(text)?.groups;
  const end = NUMERIC_ESCAPE.lastIndex;
  const isByte = digits?.octal !== undefined || digits?.byte !== undefined;
  const value = digits?.octal
    ? Number.parseInt(digits.octal, 8)
    : Number.parseInt(digits?.byte ?? digits?.short ?? digits?.long ?? '', 16);
  const isValid = isByte
    ? value <= 0xff
    : value <= 0x10ffff && !(value >= 0xd800 && value < 0xe000);
  if (!isValid) {
    throw new LiteralFault('invalid syntax');
  }
  return { value, isByte, end };
}

const INTEGER =
  /^(?<sign>[+-]?)(?<digits>0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/;
const DECIMAL_FLOAT =
  /^[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/;
const HEX_FLOAT =
  /^(?<sign>[+-]?)0[xX](?<whole>(?:_?[\da-fA-F])*)\.?(?<fraction>(?:[\da-fA-F](?:_?[\da-fA-F])*)?)[pP](?<exponent>[+-]?\d(?:_?\d)*)$/;

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;

/**
 * An untyped number of a template: an int (`bigint`) or a float64 (`number`), depending on its form.
 *
 * @param text the token, e.g. `-1_000`, `0x1F`, `1e3`
 * @throws LiteralFault if it is not a number, or does not fit into either type
 */
export function parseNumber(text: string): bigint | number {
  if (text.endsWith('i')) {
    throw new LiteralFault(`complex constants are not supported: "${text}"`);
  }
  const integer = INTEGER.exec(text)?.groups;
  return integer === undefined
    ? parseFloat64(text)
    : parseInteger(text, integer.sign ?? '', integer.digits ?? '');
}

function parseInteger(text: string, sign: string, digits: string): bigint {
  const plain = digits.replaceAll('_', '').replace(/^0(?=\d)/, '0o');
  const value = sign === '-' ? -BigInt(plain) : BigInt(plain);
  if (value < MIN_INT || value > MAX_INT) {
    throw new LiteralFault(`integer overflow: "${text}"`);
  }
  return value;
}

function parseFloat64(text: string): number {
  const hex = HEX_FLOAT.exec(text)?.groups;
  const isDecimal = DECIMAL_FLOAT.test(text) && /[.eE]/.test(text);
  const value = hex
    ? parseHexFloat(hex.sign ?? '', hex.whole ?? '', hex.fraction ?? '', hex.exponent ?? '')
    : Number(text.replaceAll('_', ''));
  if ((!hex && !isDecimal) || !Number.isFinite(value)) {
    throw new LiteralFault(`illegal number syntax: "${text}"`);
  }
  return value;
}

function parseHexFloat(sign: string, whole: string, fraction: string, exponent: string): number {
  const fractionDigits = fraction.replaceAll('_', '');
  const digits = whole.replaceAll('_', '') + fractionDigits;
  const power = Number(exponent.replaceAll('_', '')) - 4 * fractionDigits.length;
  // In two steps, since 2 ** power may be out of range even if the product is not.
  const half = Math.trunc(power / 2);
  const magnitude = digits === '' ? Number.NaN : Number(BigInt(`0x${digits}`));
  const value = magnitude * 2 ** half * 2 ** (power - half);
  return sign === '-' ? -value : value;
}
