/**
 * The smallest of the values that at least this part of them is not above (nearest rank).
 *
 * @param sorted in ascending order
 * @param part from 0 to 1, e.g. 0.99
 * @returns NaN where there are no values
 */
export function percentile(sorted: ArrayLike<number>, part: number): number {
  const rank = Math.max(1, Math.ceil(part * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
