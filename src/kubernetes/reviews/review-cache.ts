import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { createSingleFlight } from '../../async/single-flight.ts';

/** Caches the results of reviews. */
export interface ReviewCache<T> {
  /**
   * The answer to a question: a cached one, one in progress for a caller of the same pool, or a new one.
   * A rejection of `ask` is passed to all callers that wait for it, and is not cached.
   *
   * @param ask its signal is aborted when all callers have cancelled
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
  /** The TTL of an answer, in milliseconds; 0: not cached. */
  readonly ttlMs: (answer: T) => number;
  /** The number of cached answers. The least recently used one is evicted first. */
  readonly maxEntries: number;
  /** Whether questions are secrets, of which only a keyed hash is stored. */
  readonly secret: boolean;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/** A cache of answers by their questions. */
export function createReviewCache<T>(options: ReviewCacheOptions<T>): ReviewCache<T> {
  const { ttlMs, maxEntries, now = () => performance.now() } = options;
  const hash = keyedHash(randomBytes(32));
  const keyOf = (question: string): string =>
    options.secret || question.length > MAX_KEY_LENGTH ? hash(question) : question;
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

/** Characters. Longer questions, which clients can create, are stored as a hash. */
const MAX_KEY_LENGTH = 1024;

function keyedHash(key: Uint8Array): (text: string) => string {
  return (text) => createHmac('sha256', key).update(text).digest('base64');
}
