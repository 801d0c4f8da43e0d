/**
 * Resolves after a time, or as soon as the signal is aborted.
 *
 * @param options.ref whether the timer keeps the process running; false by default
 */
export function sleep(
  durationMs: number,
  signal?: AbortSignal | undefined,
  { ref = false }: { readonly ref?: boolean } = {},
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, durationMs);
    if (!ref) timer.unref();
    signal?.addEventListener('abort', wake);
  });
}
