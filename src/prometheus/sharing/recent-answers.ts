/** Shares the results of queries in flight and of recent ones between equal requests. */
export interface RecentAnswers<T> {
  /** Whether there is a cached result or a query in flight. */
  find(key: string): 'cached' | 'in_flight' | undefined;
  /**
   * @param start sends the query if there is no result. Its signal is aborted when it fails, or when the
   *   signals of all callers that wait for the result, or have received it, are aborted. All callers that
   *   wait get a failure, which is not cached.
   * @param signal of the caller: aborting it rejects with its reason and does not affect others
   */
  get(
    key: string,
    start: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T>;
}

export interface RecentAnswersOptions<T> {
  /** The maximum age of a result in milliseconds, from the start of its query; 0: in flight only. */
  readonly maxAgeMs: number;
  /** The maximum number of cached results, and of their bytes; the oldest are removed first. */
  readonly mostKept: number;
  readonly mostBytes: number;
  readonly bytesOf: (answer: T) => number;
  /** Called with the number of cached results, and of their bytes, when they change. */
  readonly onKept: (count: number, bytes: number) => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** Not an Error, since capturing its stack would take longer than everything else. */
const UNWANTED = 'the result is no longer needed';

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
          // Data that arrived before the failure is no longer in use.
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
      if (kept.find(key) !== undefined) return 'cached';
      return running.has(key) ? 'in_flight' : undefined;
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
  /** The number of callers that wait for the result or use it. */
  waiting: number;
  readonly result: Promise<T>;
  abandon(): void;
}

/** The call ends when the last caller has cancelled or no longer uses the result. */
function waitFor<T>(call: Call<T>, signal: AbortSignal | undefined): Promise<T> {
  call.waiting += 1;
  return new Promise<T>((resolve, reject) => {
    const leave = (): void => {
      reject(signal?.reason);
      call.waiting -= 1;
      if (call.waiting === 0) call.abandon();
    };
    // Also after the result has arrived: it is in use until then.
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
  // In order of arrival, which is close to the order of expiry.
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

  /** Removes the last results of a burst without waiting for the next request. */
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
      // A result larger than the limit would evict all others, and then itself.
      if (until <= now() || bytes > mostBytes) return;
      kept.set(key, { answer, bytes, until });
      total += bytes;
      makeRoom();
    },
  };
}
