/** From this number of requests within the maximum age of a result, a query for all objects is sent. */
const MANY = 3;

/** A result with fewer samples is never too large. */
const ALWAYS_FINE = 1000;

/** The maximum number of samples per requested object. */
const MOST_PER_OBJECT = 50;

/**
 * For this time after a useless shared query, only single queries are sent. It doubles with each failure,
 * since requests have waited for the failed query.
 */
const SHORTEST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Decides whether to query all objects of a metric or only the requested ones. */
export interface Demand {
  /** A request arrived that a query for all objects could answer. */
  requestArrived(): void;
  /** Whether a query for all objects is worthwhile. If so, the caller has to send it. */
  isWorthwhile(): boolean;
  /** A query for all objects returned this number of samples. */
  succeeded(samples: number): void;
  /** A request used this number of objects of the result. */
  used(objects: number): void;
  /** The query for all objects failed, and will fail again. */
  failed(): void;
}

/**
 * @param windowMs the maximum age of a result in milliseconds
 * @param now a monotonic clock in milliseconds
 */
export function createDemand(windowMs: number, now: () => number): Demand {
  let recent: readonly number[] = [];
  let samples = 0;
  let requested = 0;
  let pause = SHORTEST_PAUSE_MS;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  return {
    requestArrived() {
      recent = [...recent, now()].slice(-MANY);
    },
    isWorthwhile() {
      const [first = Number.NEGATIVE_INFINITY] = recent;
      if (recent.length < MANY || now() - first >= windowMs || now() < pausedUntil) return false;
      // The last result has expired, so the number of objects that were used is final.
      if (samples > ALWAYS_FINE && samples > MOST_PER_OBJECT * requested) {
        pausedUntil = now() + SHORTEST_PAUSE_MS;
        samples = 0;
        return false;
      }
      samples = 0;
      requested = 0;
      return true;
    },
    succeeded(count) {
      samples = count;
      pause = SHORTEST_PAUSE_MS;
    },
    used(objects) {
      requested += objects;
    },
    failed() {
      pausedUntil = now() + pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    },
  };
}
