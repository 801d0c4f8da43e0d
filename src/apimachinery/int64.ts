const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Parses a decimal integer as Go's `strconv.ParseInt(text, 10, 64)`.
 *
 * @returns undefined if the text is not an integer, or outside the range of int64
 */
export function parseInt64(text: string): bigint | undefined {
  const match = /^([+-]?)0*([0-9]{1,19})$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign = '', digits = ''] = match;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}
