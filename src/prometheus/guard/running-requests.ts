/** The requests that are under way. */
export interface RunningRequests {
  count(): number;
  /**
   * Runs a request that can be given up.
   *
   * @param signal the caller's own
   * @param send stops when its signal says so, which `giveUpAll` brings about as well
   */
  run<T>(signal: AbortSignal | undefined, send: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** @param reason what those who wait get */
  giveUpAll(reason: Error): void;
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
    giveUpAll(reason) {
      for (const controller of [...running]) controller.abort(reason);
    },
  };
}
