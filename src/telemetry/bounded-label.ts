/** The label value for all values that are not distinguished. */
export const OTHER = 'other';

/**
 * Limits the values of a label, since each one is a series in Prometheus. Clients cannot add values: a
 * value is used once a trusted source has had it, and while there are not too many.
 *
 * @param maxValues the number of values in addition to {@link OTHER}
 * @returns the value to record
 */
export function createBoundedLabel(
  maxValues: number,
): (value: string, isTrusted: boolean) => string {
  const known = new Set<string>();
  return (value, isTrusted) => {
    if (isTrusted && known.size < maxValues) known.add(value);
    return known.has(value) ? value : OTHER;
  };
}
