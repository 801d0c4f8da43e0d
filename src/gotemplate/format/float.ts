import {
  binaryParts,
  type Decimal,
  exactDecimal,
  roundDecimal,
  shortestDecimal,
} from './decimal.ts';
import { type Flags, pad, padding } from './flags.ts';

/** From this exponent on, `%g` has an exponent if no precision is given. */
const SHORTEST_EXPONENT_LIMIT = 6;
const DEFAULT_PRECISION = 6;

/** The verbs for floats; `%v` is `%g`, `%F` is `%f`. */
export type FloatVerb = 'b' | 'e' | 'E' | 'f' | 'g' | 'G' | 'x' | 'X';

const FLOAT_VERBS: ReadonlyMap<string, FloatVerb> = new Map([
  ['v', 'g'],
  ['b', 'b'],
  ['e', 'e'],
  ['E', 'E'],
  ['f', 'f'],
  ['F', 'f'],
  ['g', 'g'],
  ['G', 'G'],
  ['x', 'x'],
  ['X', 'X'],
]);

export function floatVerb(verb: string): FloatVerb | undefined {
  return FLOAT_VERBS.get(verb);
}

/** Prints a float64 as Go's fmt does. */
export function formatFloat(value: number, verb: FloatVerb, flags: Flags): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '+';
  const visibleSign = sign === '-' || flags.plus ? sign : flags.space ? ' ' : '';
  if (!Number.isFinite(value)) {
    return formatSpecial(value, visibleSign, flags);
  }
  const plain = formatMagnitude(Math.abs(value), verb, flags.precision);
  const number = flags.sharp && verb !== 'b' ? withPoint(plain, verb, flags.precision) : plain;
  return withSign(visibleSign, number, flags);
}

/** Infinities and NaN are never padded with zeros. */
function formatSpecial(value: number, sign: string, flags: Flags): string {
  const text = Number.isNaN(value) ? `${sign}NaN` : `${sign === '' ? '+' : sign}Inf`;
  return pad(text, { ...flags, zero: false });
}

/** Zeros are inserted after the sign, spaces before it. */
function withSign(sign: string, number: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - sign.length - number.length;
  return sign !== '' && flags.zero && missing > 0
    ? sign + padding(missing, flags) + number
    : pad(sign + number, flags);
}

function formatMagnitude(value: number, verb: FloatVerb, precision: number | undefined): string {
  switch (verb) {
    case 'b':
      return formatBinaryExponent(value);
    case 'x':
      return formatHex(value, precision);
    case 'X':
      return formatHex(value, precision).toUpperCase();
    case 'e':
      return formatExponent(value, precision);
    case 'E':
      return formatExponent(value, precision).toUpperCase();
    case 'f':
      return formatFixed(value, precision ?? DEFAULT_PRECISION);
    case 'g':
      return formatGeneral(value, precision);
    case 'G':
      return formatGeneral(value, precision).toUpperCase();
  }
}

function formatExponent(value: number, precision = DEFAULT_PRECISION): string {
  return writeExponent(roundDecimal(exactDecimal(value), precision + 1), precision);
}

function formatFixed(value: number, precision: number): string {
  const exact = exactDecimal(value);
  return writeFixed(roundDecimal(exact, exact.point + precision), precision);
}

function formatGeneral(value: number, precision: number | undefined): string {
  const significant = Math.max(1, precision ?? 0);
  const decimal =
    precision === undefined
      ? shortestDecimal(value)
      : roundDecimal(exactDecimal(value), significant);
  const { digits, point } = decimal;
  const limit = precision === undefined ? SHORTEST_EXPONENT_LIMIT : significant;
  return point - 1 < -4 || point - 1 >= limit
    ? writeExponent(decimal, Math.max(0, digits.length - 1))
    : writeFixed(decimal, Math.max(0, digits.length - point));
}

/** @param places digits after the point */
function writeExponent({ digits, point }: Decimal, places: number): string {
  const exponent = digits === '' ? 0 : point - 1;
  const fraction = places > 0 ? `.${digits.slice(1).padEnd(places, '0')}` : '';
  const sign = exponent < 0 ? '-' : '+';
  return `${digits.charAt(0) || '0'}${fraction}e${sign}${twoDigits(Math.abs(exponent))}`;
}

/** @param places digits after the point */
function writeFixed({ digits, point }: Decimal, places: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (places <= 0) {
    return whole;
  }
  const zeros = '0'.repeat(Math.min(places, Math.max(0, -point)));
  return `${whole}.${(zeros + digits.slice(Math.max(0, point))).padEnd(places, '0')}`;
}

/** `%b`: the mantissa and the power of two of the float64. */
function formatBinaryExponent(value: number): string {
  const { mantissa, exponent } = binaryParts(value);
  return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

const HEX_FRACTION_DIGITS = 13;

/** `%x`: one bit before the point, the fraction in hexadecimal. */
function formatHex(value: number, precision: number | undefined): string {
  const { leading, fraction, power } = hexParts(value, precision);
  const digits = fraction.toString(16).padStart(precision ?? HEX_FRACTION_DIGITS, '0');
  const places = precision === undefined ? digits.replace(/0+$/, '') : precision > 0 ? digits : '';
  const sign = power < 0 ? '-' : '+';
  return `0x${leading}${places === '' ? '' : `.${places}`}p${sign}${twoDigits(Math.abs(power))}`;
}

interface HexParts {
  readonly leading: bigint;
  /** With the requested number of digits. */
  readonly fraction: bigint;
  readonly power: number;
}

function hexParts(value: number, precision: number | undefined): HexParts {
  if (value === 0) {
    return { leading: 0n, fraction: 0n, power: 0 };
  }
  const { mantissa, exponent } = binaryParts(value);
  const shift = 53 - mantissa.toString(2).length;
  const fractionBits = BigInt(4 * Math.min(precision ?? HEX_FRACTION_DIGITS, HEX_FRACTION_DIGITS));
  const rounded = roundBits(mantissa << BigInt(shift), 52n - fractionBits);
  const carried = rounded >> (fractionBits + 1n);
  const bits = carried === 0n ? rounded : rounded >> 1n;
  const missing = BigInt(4 * Math.max(0, (precision ?? 0) - HEX_FRACTION_DIGITS));
  return {
    leading: bits >> fractionBits,
    fraction: (bits & ((1n << fractionBits) - 1n)) << missing,
    power: exponent - shift + 52 + Number(carried),
  };
}

/** Drops bits and rounds half to even. */
function roundBits(value: bigint, dropped: bigint): bigint {
  if (dropped === 0n) {
    return value;
  }
  const half = 1n << (dropped - 1n);
  const kept = value >> dropped;
  const rest = value & ((1n << dropped) - 1n);
  return rest > half || (rest === half && kept % 2n === 1n) ? kept + 1n : kept;
}

/** `#`: always a point, and for `%g` the omitted zeros. */
function withPoint(number: string, verb: FloatVerb, precision: number | undefined): string {
  const isHex = verb === 'x' || verb === 'X';
  const exponentAt = number.search(isHex ? /[pP]/ : /[eE]/);
  const body = exponentAt === -1 ? number : number.slice(0, exponentAt);
  const tail = exponentAt === -1 ? '' : number.slice(exponentAt);
  const fillsUp = verb === 'g' || verb === 'G' || verb === 'x';
  const wanted = fillsUp ? (precision ?? DEFAULT_PRECISION) : 0;
  const zeros = '0'.repeat(Math.max(0, wanted - countSignificant(body)));
  return `${body}${body.includes('.') ? '' : '.'}${zeros}${tail}`;
}

/** The number of digits from the first one that is not 0, at least 1. Go also counts the `x` of `0x`. */
function countSignificant(body: string): number {
  return body === '0' ? 1 : body.replace('.', '').replace(/^0+/, '').length;
}

function twoDigits(exponent: number): string {
  return exponent.toString().padStart(2, '0');
}
