/** The value that stands for all those that are not told apart. */
export const OTHER = 'other';

/**
 * Keeps a label of a metric from having ever more values, for each is a series that Prometheus
 * keeps, and from having values that clients make up: a value is told apart once it has come from
 * a source that is trusted, and as long as there are not too many.
 *
 * @param most how many values there may be besides {@link OTHER}
 * @returns the value to record
 */
export function createBoundedLabel(most: number): (value: string, isTrusted: boolean) => string {
  const known = new Set<string>();
  return (value, isTrusted) => {
    if (isTrusted && known.size < most) {
      known.add(value);
    }
    return known.has(value) ? value : OTHER;
  };
}
