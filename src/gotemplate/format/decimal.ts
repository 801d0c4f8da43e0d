/** A non-negative number as `0.DIGITS * 10 ** point`; zero has no digits. */
export interface Decimal {
  /** Without leading and trailing zeros. */
  readonly digits: string;
  readonly point: number;
}

/** The fewest digits that identify the float64. @param value finite, not negative */
export function shortestDecimal(value: number): Decimal {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return trimmed(mantissa.replace('.', ''), Number(exponent) + 1);
}

/** All the digits of a float64. @param value finite, not negative */
export function exactDecimal(value: number): Decimal {
  const { mantissa, exponent } = binaryParts(value);
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return trimmed(digits, digits.length);
  }
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return trimmed(digits, digits.length + exponent);
}

/** Rounds to a number of digits, half to even as in Go. @param count may be 0 or negative */
export function roundDecimal(decimal: Decimal, count: number): Decimal {
  const { digits, point } = decimal;
  if (count >= digits.length) {
    return decimal;
  }
  if (count < 0) {
    return { digits: '', point: 0 };
  }
  const kept = BigInt(digits.slice(0, count) || '0');
  const rounded = (kept + (roundsUp(digits, count) ? 1n : 0n)).toString();
  if (rounded === '0') {
    return { digits: '', point: 0 };
  }
  return trimmed(rounded, point + rounded.length - count);
}

function roundsUp(digits: string, count: number): boolean {
  const isHalf = digits.length === count + 1 && digits.charAt(count) === '5';
  const isOdd = count > 0 && Number(digits.charAt(count - 1)) % 2 === 1;
  return isHalf ? isOdd : digits.charAt(count) >= '5';
}

function trimmed(digits: string, point: number): Decimal {
  const significant = digits.replace(/^0+/, '');
  const trimmedDigits = significant.replace(/0+$/, '');
  return trimmedDigits === ''
    ? { digits: '', point: 0 }
    : { digits: trimmedDigits, point: point - (digits.length - significant.length) };
}

/** A float64 as `mantissa * 2 ** exponent`. */
export interface BinaryParts {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const FRACTION_BITS = 52n;
const EXPONENT_BIAS = 1075;

/** The parts as in IEEE 754: a mantissa of 53 bits, except for the smallest numbers. */
export function binaryParts(value: number): BinaryParts {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const biased = Number((word >> FRACTION_BITS) & 0x7ffn);
  const fraction = word & ((1n << FRACTION_BITS) - 1n);
  return biased === 0
    ? { mantissa: fraction, exponent: 1 - EXPONENT_BIAS }
    : { mantissa: fraction | (1n << FRACTION_BITS), exponent: biased - EXPONENT_BIAS };
}
