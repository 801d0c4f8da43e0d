/** A text is not a duration in the expected notation, which the message describes. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

const NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const EXPECTED =
  'expected a number with a unit (ns, us, ms, s, m, h) for each part, such as 300ms, 1.5h or 2h45m';

/** A number and the text up to the next number. */
const PART = /(?<whole>[0-9]*)(?:\.(?<fraction>[0-9]*))?(?<unit>[^0-9.]*)/y;

/** Further digits do not change the result, or put it out of range. */
const SIGNIFICANT_DIGITS = 19;

const MAX_NANOSECONDS = 2n ** 63n - 1n;

/**
 * Parses a duration in Go's notation, as in command-line flags: `10m`, `1h30m`, `1.5s`, `-300ms`, `0`. Units may
 * be in any order and repeated. Fractions of nanoseconds are truncated.
 *
 * @param text any text
 * @returns milliseconds, with a fraction if there are micro- or nanoseconds
 * @throws DurationError if the text is not such a duration, or exceeds about 292 years
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function parseGoDuration(text: string): number {
  const negative = text.startsWith('-');
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  const size = unsigned === '0' ? 0n : sumOfParts(unsigned, text);
  if (size > MAX_NANOSECONDS) {
    throw invalid(
      text,
      'is out of range, expected an absolute value below 2562047h47m16.854775808s',
    );
  }
  return toMilliseconds(negative ? -size : size);
}

/**
 * Formats a duration as Go's `Duration.String()`: `30s`, `5m0s`, `26h3m4.005s`, `100ms`, `0s`.
 *
 * @param milliseconds rounded to nanoseconds
 * @throws RangeError if it is not a number or exceeds about 292 years
 * @see https://pkg.go.dev/time#Duration.String
 */
export function formatGoDuration(milliseconds: number): string {
  const nanoseconds = toNanoseconds(milliseconds);
  return nanoseconds < 0n ? `-${formatSize(-nanoseconds)}` : formatSize(nanoseconds);
}

/** The sum of all parts in nanoseconds; `text` is for messages. */
function sumOfParts(unsigned: string, text: string): bigint {
  if (unsigned === '') {
    throw invalid(text, `has no number, ${EXPECTED}`);
  }
  const part = new RegExp(PART);
  let sum = 0n;
  while (part.lastIndex < unsigned.length) {
    const { whole = '', fraction = '', unit = '' } = part.exec(unsigned)?.groups ?? {};
    if (whole === '' && fraction === '') {
      throw invalid(text, `has no number before "${unit}", ${EXPECTED}`);
    }
    sum += nanosecondsOf(whole, fraction, unitOf(unit, text));
  }
  return sum;
}

function unitOf(unit: string, text: string): bigint {
  const nanoseconds = NANOSECONDS.get(unit);
  if (nanoseconds === undefined) {
    throw invalid(text, `${unit === '' ? 'lacks a unit' : `has no unit "${unit}"`}, ${EXPECTED}`);
  }
  return nanoseconds;
}

function nanosecondsOf(whole: string, fraction: string, unit: bigint): bigint {
  const digits = whole.replace(/^0+/, '');
  if (digits.length > SIGNIFICANT_DIGITS) {
    return MAX_NANOSECONDS + 1n;
  }
  const decimals = fraction.slice(0, SIGNIFICANT_DIGITS);
  return BigInt(digits) * unit + (BigInt(decimals) * unit) / 10n ** BigInt(decimals.length);
}

function invalid(text: string, reason: string): DurationError {
  return new DurationError(`not a valid duration: ${JSON.stringify(text)} ${reason}`);
}

/** Whole milliseconds and the rest separately, since the sum may exceed the 53 bits of a double. */
function toMilliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6;
}

function toNanoseconds(milliseconds: number): bigint {
  if (!Number.isFinite(milliseconds)) {
    throw new RangeError(`${milliseconds} ms is not a duration: expected a finite number`);
  }
  const whole = Math.trunc(milliseconds);
  const nanoseconds = BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6));
  if (nanoseconds > MAX_NANOSECONDS || nanoseconds < -MAX_NANOSECONDS) {
    throw new RangeError(
      `${milliseconds} ms is not a duration: expected an absolute value below 292 years`,
    );
  }
  return nanoseconds;
}

function formatSize(nanoseconds: bigint): string {
  if (nanoseconds === 0n) {
    return '0s';
  }
  if (nanoseconds < 1_000_000_000n) {
    return formatSubsecond(nanoseconds);
  }
  const minutes = nanoseconds / 60_000_000_000n;
  const seconds = `${formatDecimal(nanoseconds % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) {
    return seconds;
  }
  const hours = minutes / 60n;
  return hours === 0n ? `${minutes}m${seconds}` : `${hours}h${minutes % 60n}m${seconds}`;
}

function formatSubsecond(nanoseconds: bigint): string {
  if (nanoseconds < 1_000n) {
    return `${nanoseconds}ns`;
  }
  return nanoseconds < 1_000_000n
    ? `${formatDecimal(nanoseconds, 3)}\u00b5s`
    : `${formatDecimal(nanoseconds, 6)}ms`;
}

/** `value` divided by ten to the power of `places`, without trailing zeros. */
function formatDecimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -places) : `${digits.slice(0, -places)}.${fraction}`;
}
