/** The requests in flight. */
export interface RunningRequests {
  count(): number;
  /**
   * Runs a request that `abortAll` can abort.
   *
   * @param signal the signal of the caller
   * @param send gets a signal that is aborted by the signal of the caller and by `abortAll`
   */
  run<T>(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** @param reason the error of all requests in flight */
  abortAll(reason: Error): void;
}

export function createRunningRequests(): RunningRequests {
  const running = new Set<AbortController>();
  return {
    count: () => running.size,
    async run(signal, send) {
      const controller = new AbortController();
      const cancel = (): void => controller.abort(signal?.reason);
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      running.add(controller);
      try {
        return await send(controller.signal);
      } finally {
        running.delete(controller);
        signal?.removeEventListener('abort', cancel);
      }
    },
    abortAll(reason) {
      for (const controller of [...running]) controller.abort(reason);
    },
  };
}
