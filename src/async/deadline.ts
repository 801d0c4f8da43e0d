export interface Deadline {
  /** Milliseconds from now; 0: no limit. */
  readonly timeoutMs: number;
  /** Of the caller. */
  readonly signal: AbortSignal | undefined;
  /** The error on timeout. */
  readonly timeoutError: () => unknown;
  /**
   * The error when the caller's signal is aborted.
   *
   * @param reason of the signal
   */
  readonly cancelError: (reason: unknown) => unknown;
}

/**
 * Runs work within a time limit. Rejects on timeout, or when the caller's signal is aborted, whether or
 * not the work reacts to its signal.
 *
 * @param work its signal is aborted in both cases, with the error as its reason
 * @throws the error of the deadline, otherwise the error of the work
 */
export async function withDeadline<Result>(
  { timeoutMs, signal, timeoutError, cancelError }: Deadline,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (signal?.aborted) throw cancelError(signal.reason);
  const controller = new AbortController();
  const aborted = Promise.withResolvers<never>();
  const abort = (error: unknown): void => {
    // First, so that the error of the deadline precedes that of the aborted work.
    aborted.reject(error);
    controller.abort(error);
  };
  // AbortSignal.any and AbortSignal.timeout retain memory per call as long as the caller's signal lives.
  const onCancel = (): void => abort(cancelError(signal?.reason));
  signal?.addEventListener('abort', onCancel, { once: true });
  const timer = timeoutMs > 0 ? setTimeout(() => abort(timeoutError()), timeoutMs) : undefined;
  try {
    return await Promise.race([work(controller.signal), aborted.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onCancel);
  }
}
