const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds of y, w, d, h, m, s, ms. */
const UNITS = [365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1] as const;

/** Prometheus has durations in 64-bit nanoseconds. */
const LONGEST = 2 ** 63 / 1e6;

/**
 * Parses a Prometheus duration: `5m`, `1h30m`, `100ms`. Units are in descending order, each at most once. A year
 * has 365 days.
 *
 * @returns milliseconds, or undefined if the text is not a duration or is too long (292 years)
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations
 */
export function parseDuration(text: string): number | undefined {
  const amounts = text === '' ? null : DURATION.exec(text);
  if (amounts === null) {
    return undefined;
  }
  const milliseconds = UNITS.reduce((sum, unit, i) => sum + unit * Number(amounts[i + 1] ?? 0), 0);
  return milliseconds < LONGEST ? milliseconds : undefined;
}
