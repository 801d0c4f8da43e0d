/** Waits that grow from one failure to the next. */
export interface Backoff {
  /** In milliseconds: at random between half of the current wait and all of it. */
  next(): number;
  /** It worked. */
  reset(): void;
}

/**
 * @param firstMs the wait after the first failure; doubles with each.
 * @param mostMs the longest wait.
 */
export function createBackoff(
  firstMs: number,
  mostMs: number,
  random: () => number = Math.random,
): Backoff {
  let waitMs = firstMs;
  return {
    next() {
      const wait = Math.min(waitMs, mostMs);
      waitMs = wait * 2;
      return wait * (0.5 + random() / 2);
    },
    reset() {
      waitMs = firstMs;
    },
  };
}
