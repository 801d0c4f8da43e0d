import { DurationError } from './go-duration.ts';

/** From the largest to the smallest, the required order. */
const MILLISECONDS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const EXPECTED =
  'expected whole numbers with the units y, w, d, h, m, s, ms, each at most once and in this order, such as 5m or 1d12h';

/** A number and the text up to the next number. */
const PART = /(?<digits>[0-9]*)(?<unit>[^0-9]*)/y;

/** The range of an int64 of nanoseconds, about 292 years. */
const MAX_MILLISECONDS = 9_223_372_036_854;

/**
 * Parses a duration in the notation of Prometheus, as in the rules file: `30s`, `5m`,
 * `1d2h3m4s5ms`, `0`. A day has 24 hours, a year 365 days.
 *
 * @param text any text
 * @returns milliseconds, an integer
 * @throws DurationError if the text is not such a duration, or exceeds about 292 years
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#configuration-file
 * @see https://pkg.go.dev/github.com/prometheus/common/model#ParseDuration
 */
export function parsePrometheusDuration(text: string): number {
  if (text === '0') {
    return 0;
  }
  if (text === '') {
    throw new DurationError(`empty duration, ${EXPECTED}`);
  }
  const milliseconds = sumOfParts(text);
  if (milliseconds > MAX_MILLISECONDS) {
    throw invalid(text, 'is out of range, expected at most 292 years');
  }
  return milliseconds;
}

function sumOfParts(text: string): number {
  const part = new RegExp(PART);
  let sum = 0;
  let smallest = -1;
  while (part.lastIndex < text.length) {
    const { digits = '', unit = '' } = part.exec(text)?.groups ?? {};
    const rank = rankOf(digits, unit, text);
    if (rank <= smallest) {
      throw invalid(text, `has "${unit}" in the wrong place, ${EXPECTED}`);
    }
    smallest = rank;
    sum += Number(digits) * (MILLISECONDS[rank]?.[1] ?? 0);
  }
  return sum;
}

/** The index of the unit in the order of units. @throws DurationError for an invalid number or unit */
function rankOf(digits: string, unit: string, text: string): number {
  if (digits === '') {
    throw invalid(text, `has no number before "${unit}", ${EXPECTED}`);
  }
  if (unit === '') {
    throw invalid(text, `lacks a unit after ${digits}, ${EXPECTED}`);
  }
  const rank = MILLISECONDS.findIndex(([name]) => name === unit);
  if (rank < 0) {
    throw invalid(text, `has no unit "${unit}", ${EXPECTED}`);
  }
  return rank;
}

function invalid(text: string, reason: string): DurationError {
  return new DurationError(`not a valid duration: ${JSON.stringify(text)} ${reason}`);
}
