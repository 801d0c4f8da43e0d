/** Not an Error, since capturing a stack takes longer than everything else here. */
const WORK_ENDED = 'the work has ended';

/**
 * Runs a part of the work of a request with a separate signal.
 *
 * @param signal of the request
 * @param work its signal is aborted together with that of the request, and at the latest when the
 *   work has ended
 */
export async function withScopedSignal<Result>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const scope = new AbortController();
  const abort = (): void => scope.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    return await work(scope.signal);
  } finally {
    signal?.removeEventListener('abort', abort);
    scope.abort(WORK_ENDED);
  }
}
