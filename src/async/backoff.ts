/** Exponential backoff with jitter. */
export interface Backoff {
  /** The next wait in milliseconds: random, between half of the current wait and all of it. */
  next(): number;
  /** Call after a success. */
  reset(): void;
}

/**
 * @param firstMs the wait after the first failure. It doubles with each further one.
 * @param maxMs the longest wait
 */
export function createBackoff(
  firstMs: number,
  maxMs: number,
  random: () => number = Math.random,
): Backoff {
  let waitMs = firstMs;
  return {
    next() {
      const wait = Math.min(waitMs, maxMs);
      waitMs = wait * 2;
      return wait * (0.5 + random() / 2);
    },
    reset() {
      waitMs = firstMs;
    },
  };
}
