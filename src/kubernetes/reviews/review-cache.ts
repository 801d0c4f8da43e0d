import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { createSingleFlight } from '../../async/single-flight.ts';

/** Remembers what reviews said. */
export interface ReviewCache<T> {
  /**
   * The answer to a question: a cached one, one in progress for a caller of the same pool, or a new one.
   * A rejection of `ask` is passed to all callers that wait for it, and is not cached.
   *
   * @param ask its signal is aborted when all callers have given up
   */
  answer(
    question: string,
    ask: (signal: AbortSignal) => Promise<T>,
    caller: WaitingCaller,
  ): Promise<T>;
}

/** A caller that waits for an answer. */
export interface WaitingCaller {
  /** Callers do not share the wait with those of another pool, which may be longer. */
  readonly pool: string;
  /** Ends this caller's wait, with its reason. */
  readonly signal: AbortSignal;
  /** Called before the caller waits, so not if the answer is cached. May throw. */
  readonly onWait: () => void;
}

export interface ReviewCacheOptions<T> {
  /** For how long an answer is remembered, in milliseconds; 0: not at all. */
  readonly ttlMs: (answer: T) => number;
  /** How many answers are remembered; the one that was not asked for longest goes first. */
  readonly maxEntries: number;
  /** Questions are secrets: none is kept, only a keyed hash of it, which takes its time. */
  readonly secret: boolean;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** A cache of answers by their questions. */
export function createReviewCache<T>(options: ReviewCacheOptions<T>): ReviewCache<T> {
  const { ttlMs, maxEntries, now = () => performance.now() } = options;
  const hash = keyedHash(randomBytes(32));
  const keyOf = (question: string): string =>
    options.secret || question.length > LONGEST_KEPT ? hash(question) : question;
  const cached = new LRUCache<string, { readonly answer: T }>({
    max: maxEntries,
    perf: { now },
    // Reads the clock at each call. Otherwise a timer would keep the process running.
    ttlResolution: 0,
  });
  const inFlight = createSingleFlight<T>();

  const remember = (key: string, answer: T): void => {
    const ttl = ttlMs(answer);
    // To the cache, a TTL of 0 means no expiry.
    if (ttl > 0) cached.set(key, { answer }, { ttl });
  };

  return {
    async answer(question, ask, { pool, signal, onWait }) {
      const key = keyOf(question);
      const hit = cached.get(key);
      if (hit !== undefined) return hit.answer;
      onWait();
      const askAndRemember = async (abandoned: AbortSignal): Promise<T> => {
        const answer = await ask(abandoned);
        remember(key, answer);
        return answer;
      };
      return inFlight.join(`${pool} ${key}`, askAndRemember, signal);
    },
  };
}

/** Characters. Clients make up parts of questions: what is kept of each must not be theirs to say. */
const LONGEST_KEPT = 1024;

function keyedHash(key: Uint8Array): (text: string) => string {
  return (text) => createHmac('sha256', key).update(text).digest('base64');
}
