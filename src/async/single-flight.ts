/** Coalesces concurrent calls with the same key into one. */
export interface SingleFlight<T> {
  /**
   * @param start makes the call, unless one with this key is in flight. Its signal is aborted when all
   *   callers have given up.
   * @param signal of this caller: aborting it rejects with its reason and does not affect the others
   */
  join(
    key: string,
    start: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T>;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const inFlight = new Map<string, Call<T>>();

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Call<T> => {
    const controller = new AbortController();
    const call: Call<T> = {
      callers: 0,
      result: start(controller.signal).finally(() => forget(key, call)),
      abandon() {
        forget(key, call);
        controller.abort();
      },
    };
    inFlight.set(key, call);
    return call;
  };

  const forget = (key: string, call: Call<T>): void => {
    if (inFlight.get(key) === call) inFlight.delete(key);
  };

  return {
    async join(key, start, signal) {
      signal?.throwIfAborted();
      const call = inFlight.get(key) ?? begin(key, start);
      call.callers += 1;
      return new Promise<T>((resolve, reject) => {
        const leave = (): void => {
          call.callers -= 1;
          reject(signal?.reason);
          if (call.callers === 0) call.abandon();
        };
        signal?.addEventListener('abort', leave);
        call.result
          .then(resolve, reject)
          .finally(() => signal?.removeEventListener('abort', leave));
      });
    },
  };
}

interface Call<T> {
  callers: number;
  readonly result: Promise<T>;
  abandon(): void;
}

/** A function that joins the call in progress, or starts one if there is none. */
export function singleFlight<T>(call: () => Promise<T>): () => Promise<T> {
  let inFlight: Promise<T> | undefined;
  return () => {
    inFlight ??= call().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  };
}
