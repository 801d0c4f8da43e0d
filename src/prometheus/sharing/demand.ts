/** So many requests within the age of an answer make it worth asking for all objects at once. */
const MANY = 3;

/** An answer with fewer samples is never too large. */
const ALWAYS_FINE = 1000;

/** So many samples for each one that somebody wanted are too many. */
const MOST_PER_OBJECT = 50;

/**
 * How long a metric is asked for exactly after its shared query has not been worth it: twice as long
 * each time that the query fails again, for those who have waited for it have lost that time.
 */
const SHORTEST_PAUSE = 60_000;
const LONGEST_PAUSE = 3_600_000;

/** Whether the objects of a metric are better asked for together or each by itself. */
export interface Demand {
  /** A request has come, for which an answer for all objects would do. */
  came(): void;
  /** There is none: is it worth asking for one? If so, it has to be asked for. */
  isForAll(): boolean;
  /** An answer for all objects is there, with so many samples. */
  answered(samples: number): void;
  /** So many objects were looked up in it. */
  served(objects: number): void;
  /** The query for all objects has failed, for a reason that will last. */
  failed(): void;
}

/**
 * @param window how long an answer can be used, in milliseconds
 * @param now a clock in milliseconds that never goes back
 */
export function createDemand(window: number, now: () => number): Demand {
  let recent: readonly number[] = [];
  let samples = 0;
  let wanted = 0;
  let pause = SHORTEST_PAUSE;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  return {
    came() {
      recent = [...recent, now()].slice(-MANY);
    },
    isForAll() {
      const [first = Number.NEGATIVE_INFINITY] = recent;
      if (recent.length < MANY || now() - first >= window || now() < pausedUntil) return false;
      // Only now, when its answer is gone, is it known how many have used it.
      if (samples > ALWAYS_FINE && samples > MOST_PER_OBJECT * wanted) {
        pausedUntil = now() + SHORTEST_PAUSE;
        samples = 0;
        return false;
      }
      samples = 0;
      wanted = 0;
      return true;
    },
    answered(count) {
      samples = count;
      pause = SHORTEST_PAUSE;
    },
    served(objects) {
      wanted += objects;
    },
    failed() {
      pausedUntil = now() + pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    },
  };
}
