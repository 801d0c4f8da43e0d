/** Cached, since most values of a response have the same time. */
let last = { seconds: Number.NaN, text: '' };

/**
 * Formats a time as metav1.Time: RFC 3339 in UTC with whole seconds (`2026-01-31T08:15:00Z`). Fractions are
 * truncated.
 *
 * @param seconds since 1970-01-01T00:00:00Z, may have a fraction, as in samples of Prometheus
 * @throws RangeError if it is not a number, or outside the years 0000 to 9999 of RFC 3339
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function timestampFromSeconds(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole !== last.seconds) last = { seconds: whole, text: write(whole) };
  return last.text;
}

function write(seconds: number): string {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) {
    throw new RangeError(
      `${seconds} s is not a timestamp: expected a time in the years 0000 to 9999`,
    );
  }
  return `${date.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`;
}
