/** So many retries may come at once after a quiet time. */
const BURST = 10;

/** One retry for so many queries. */
const QUERIES_PER_RETRY = 10;

/** Keeps retries a small part of all queries, so that they make no outage worse. */
export interface RetryBudget {
  /** A query has come. */
  earn(): void;
  /** @returns whether there may be a retry now; if so, it is counted */
  spend(): boolean;
}

export function createRetryBudget(): RetryBudget {
  // Counted in queries, for tenths of a retry would not add up to whole ones.
  const most = BURST * QUERIES_PER_RETRY;
  let saved = most;
  return {
    earn() {
      saved = Math.min(most, saved + 1);
    },
    spend() {
      if (saved < QUERIES_PER_RETRY) return false;
      saved -= QUERIES_PER_RETRY;
      return true;
    },
  };
}
