/** Answers that are under way or have just come, for everybody who wants the same. */
export interface RecentAnswers<T> {
  /** Where `get` would have its answer from: one that is kept, or is under way, or neither. */
  find(key: string): 'kept' | 'running' | undefined;
  /**
   * @param start makes the answer if there is none. Its signal aborts when it fails, or when the
   *   signals of all who wait for it, or have got it from there, are aborted. A failure goes to those
   *   who wait and is not kept.
   * @param signal the caller's own: aborting it rejects with its reason and leaves others alone
   */
  get(
    key: string,
    start: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T>;
}

export interface RecentAnswersOptions<T> {
  /** How long after its start an answer is given again, in milliseconds; 0: while under way only. */
  readonly maxAgeMs: number;
  /** How many answers are kept, and how many bytes they may have together; the oldest go first. */
  readonly mostKept: number;
  readonly mostBytes: number;
  readonly bytesOf: (answer: T) => number;
  /** Told how many answers are kept, and how many bytes they have, whenever that changes. */
  readonly onKept: (count: number, bytes: number) => void;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
}

/** Not an Error, since capturing its stack would take longer than everything else. */
const UNWANTED = 'the answer is no longer needed';

export function createRecentAnswers<T>(options: RecentAnswersOptions<T>): RecentAnswers<T> {
  const { maxAgeMs, now } = options;
  const running = new Map<string, Call<T>>();
  const kept = createKept<T>(options);

  function begin(key: string, start: (signal: AbortSignal) => Promise<T>): Call<T> {
    const controller = new AbortController();
    const startedAt = now();
    const call: Call<T> = {
      waiting: 0,
      result: start(controller.signal).then(
        (answer) => {
          forget(key, call);
          kept.add(key, answer, startedAt + maxAgeMs);
          return answer;
        },
        (error: unknown) => {
          forget(key, call);
          // What came before the failure is in use no more.
          controller.abort(UNWANTED);
          throw error;
        },
      ),
      abandon() {
        forget(key, call);
        controller.abort(UNWANTED);
      },
    };
    running.set(key, call);
    return call;
  }

  function forget(key: string, call: Call<T>): void {
    if (running.get(key) === call) running.delete(key);
  }

  return {
    find(key) {
      if (kept.find(key) !== undefined) return 'kept';
      return running.has(key) ? 'running' : undefined;
    },

    async get(key, start, signal) {
      signal?.throwIfAborted();
      const found = kept.find(key);
      if (found !== undefined) return found.answer;
      return waitFor(running.get(key) ?? begin(key, start), signal);
    },
  };
}

interface Call<T> {
  /** The number of callers that wait for the answer or use it. */
  waiting: number;
  readonly result: Promise<T>;
  abandon(): void;
}

/** The call ends when the last caller gives up or has finished with the answer. */
function waitFor<T>(call: Call<T>, signal: AbortSignal | undefined): Promise<T> {
  call.waiting += 1;
  return new Promise<T>((resolve, reject) => {
    const leave = (): void => {
      reject(signal?.reason);
      call.waiting -= 1;
      if (call.waiting === 0) call.abandon();
    };
    // Also after the answer has arrived: it is in use until then.
    signal?.addEventListener('abort', leave, { once: true });
    call.result.then(
      (answer) => {
        resolve(answer);
        if (signal === undefined) leave();
      },
      (error: unknown) => {
        signal?.removeEventListener('abort', leave);
        reject(error);
      },
    );
  });
}

interface KeptAnswer<T> {
  readonly answer: T;
  readonly bytes: number;
  readonly until: number;
}

interface Kept<T> {
  find(key: string): KeptAnswer<T> | undefined;
  add(key: string, answer: T, until: number): void;
}

function createKept<T>(options: RecentAnswersOptions<T>): Kept<T> {
  const { maxAgeMs, mostKept, mostBytes, bytesOf, onKept, now } = options;
  // In the order in which they came, which is near enough to that in which they grow old.
  const kept = new Map<string, KeptAnswer<T>>();
  let total = 0;
  let isSweepDue = false;

  function remove(key: string): void {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  }

  function makeRoom(): void {
    for (const [key, { until }] of kept) {
      if (until > now() && kept.size <= mostKept && total <= mostBytes) break;
      remove(key);
    }
    onKept(kept.size, total);
    if (kept.size > 0) sweepLater();
  }

  /** The last answers of a burst are not held until there is another one. */
  function sweepLater(): void {
    if (isSweepDue) return;
    isSweepDue = true;
    setTimeout(() => {
      isSweepDue = false;
      makeRoom();
    }, maxAgeMs).unref();
  }

  return {
    find(key) {
      const found = kept.get(key);
      return found !== undefined && found.until > now() ? found : undefined;
    },
    add(key, answer, until) {
      remove(key);
      const bytes = 2 * key.length + bytesOf(answer);
      // What is larger than all the room would drive out everything else, and then itself.
      if (until <= now() || bytes > mostBytes) return;
      kept.set(key, { answer, bytes, until });
      total += bytes;
      makeRoom();
    },
  };
}
