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
  let tokens = BURST;
  let refilledAt = now();
  let notLogged = 0;
  return () => {
    const at = now();
    tokens = Math.min(BURST, tokens + ((at - refilledAt) / 1000) * PER_SECOND);
    refilledAt = at;
    if (tokens < 1) {
      notLogged += 1;
      return undefined;
    }
    tokens -= 1;
    const notLoggedBefore = notLogged;
    notLogged = 0;
    return notLoggedBefore === 0 ? {} : { notLoggedBefore };
  };
}
