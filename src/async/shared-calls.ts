/** Lets callers who want the same thing at the same time share one call. */
export interface SharedCalls<T> {
  /**
   * @param key what is wanted.
   * @param start makes the call if none with this key is under way. Its signal aborts when all
   *   callers have given up.
   * @param signal this caller's own: aborting it rejects with its reason and leaves the others alone.
   */
  join(
    key: string,
    start: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T>;
}

export function createSharedCalls<T>(): SharedCalls<T> {
  const running = new Map<string, Call<T>>();

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
    running.set(key, call);
    return call;
  };

  const forget = (key: string, call: Call<T>): void => {
    if (running.get(key) === call) running.delete(key);
  };

  return {
    async join(key, start, signal) {
      signal?.throwIfAborted();
      const call = running.get(key) ?? begin(key, start);
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
