import { createTokenBucket } from '../async/token-bucket.ts';

/** Entries at once after a quiet time, and per second after that. */
const BURST = 20;
const ENTRIES_PER_SECOND = 1;

/** Fields for an entry that may be logged. */
interface AdmittedEntry {
  /** How many entries were not logged since the last one. */
  readonly notLoggedBefore?: number;
}

/**
 * Limits the rate of entries that clients can cause, such as one for each failed request.
 *
 * @param now a clock in milliseconds
 * @returns to be called before each entry: undefined if the entry must not be logged
 */
export function createLogLimit(
  now: () => number = () => performance.now(),
): () => AdmittedEntry | undefined {
  const bucket = createTokenBucket({ tokensPerSecond: ENTRIES_PER_SECOND, burst: BURST, now });
  let notLogged = 0;
  return () => {
    if (!bucket.tryTake()) {
      notLogged += 1;
      return undefined;
    }
    const notLoggedBefore = notLogged;
    notLogged = 0;
    return notLoggedBefore === 0 ? {} : { notLoggedBefore };
  };
}

/**
 * Limits how often the same entry is logged, and the rate of different ones. An entry that is not logged
 * because of the others is logged when it occurs again.
 *
 * @param pauseMs milliseconds in which an entry is not logged again
 * @param maxEntries the number of stored entries; the oldest are removed
 * @param now a clock in milliseconds that never goes back
 * @returns to be called before each entry with a key that is equal for equal entries: undefined if the
 *   entry must not be logged
 */
export function createRepeatLimit(
  pauseMs: number,
  maxEntries: number,
  now: () => number = () => performance.now(),
): (key: string) => AdmittedEntry | undefined {
  const limit = createLogLimit(now);
  // A Map keeps the order of insertion, which is that of time.
  const loggedAt = new Map<string, number>();
  return (key) => {
    const last = loggedAt.get(key);
    if (last !== undefined && now() - last < pauseMs) return undefined;
    const admitted = limit();
    if (admitted === undefined) return undefined;
    loggedAt.delete(key);
    const [oldest] = loggedAt.keys();
    if (loggedAt.size >= maxEntries && oldest !== undefined) loggedAt.delete(oldest);
    loggedAt.set(key, now());
    return admitted;
  };
}
