/** Retries at once after a quiet time. */
const BURST = 10;

/** The ratio of requests to retries. */
const REQUESTS_PER_RETRY = 10;

/** Limits retries to a fraction of all requests, so that they do not prolong an outage. */
export interface RetryBudget {
  /** Call for each request that is not a retry. */
  earn(): void;
  /** Whether a retry is allowed now. Counts it if so. */
  spend(): boolean;
}

export function createRetryBudget(): RetryBudget {
  // In requests, since tenths are not exact in floating point.
  const capacity = BURST * REQUESTS_PER_RETRY;
  let saved = capacity;
  return {
    earn() {
      saved = Math.min(capacity, saved + 1);
    },
    spend() {
      if (saved < REQUESTS_PER_RETRY) return false;
      saved -= REQUESTS_PER_RETRY;
      return true;
    },
  };
}
