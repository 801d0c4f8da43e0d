import { createTokenBucket } from '../async/token-bucket.ts';

/** Entries that may come at once after a quiet time. */
const BURST = 20;
const PER_SECOND = 1;

/**
 * Keeps entries that others can bring about at will, such as one for each failed request, from
 * filling the log: 20 at once, then one a second.
 *
 * @param now a clock in milliseconds
 * @returns asked before each entry: undefined where it is not to be logged, else fields for it that
 *   tell how many were not logged since the last one
 */
export function createLogLimit(
  now: () => number = () => performance.now(),
): () => { readonly notLoggedBefore?: number } | undefined {
  const bucket = createTokenBucket({ tokensPerSecond: PER_SECOND, burst: BURST, now });
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
