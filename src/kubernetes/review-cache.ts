import { createHmac, randomBytes } from 'node:crypto';

/** Remembers what reviews said. */
export interface ReviewCache<T> {
  /**
   * The answer to a question: the one that is remembered, the one that is under way, or a new one.
   * What `ask` rejects with goes to all who wait for it and is not remembered.
   */
  answer(question: string, ask: () => Promise<T>): Promise<T>;
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
  const known = new Map<string, { readonly answer: T; readonly until: number }>();
  const underWay = new Map<string, Promise<T>>();

  const recall = (key: string): { readonly answer: T } | undefined => {
    const entry = known.get(key);
    if (entry === undefined) return undefined;
    known.delete(key);
    if (now() >= entry.until) return undefined;
    // A Map keeps the order of insertion: the last that was asked for is the last to go.
    known.set(key, entry);
    return entry;
  };

  const remember = (key: string, answer: T): void => {
    const ttl = ttlMs(answer);
    if (ttl <= 0) return;
    known.set(key, { answer, until: now() + ttl });
    const [oldest] = known.keys();
    if (known.size > maxEntries && oldest !== undefined) known.delete(oldest);
  };

  const begin = async (key: string, ask: () => Promise<T>): Promise<T> => {
    try {
      // Later, so that it is under way in any case before it ends.
      const answer = await Promise.resolve().then(ask);
      remember(key, answer);
      return answer;
    } finally {
      underWay.delete(key);
    }
  };

  return {
    async answer(question, ask) {
      const key = keyOf(question);
      const remembered = recall(key);
      if (remembered !== undefined) return remembered.answer;
      const running = underWay.get(key) ?? begin(key, ask);
      underWay.set(key, running);
      return running;
    },
  };
}

/** Characters. Clients make up parts of questions: what is kept of each must not be theirs to say. */
const LONGEST_KEPT = 1024;

function keyedHash(key: Uint8Array): (text: string) => string {
  return (text) => createHmac('sha256', key).update(text).digest('base64');
}
