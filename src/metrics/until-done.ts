/** Not an Error, since capturing its stack would take longer than everything else. */
const DONE = 'the work is done';

/**
 * Does a part of the work for a request.
 *
 * @param signal of the request
 * @param work its signal is aborted together with that of the request, and at the latest when the
 *   work has ended
 */
export async function untilDone<Result>(
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const done = new AbortController();
  const abort = (): void => done.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    return await work(done.signal);
  } finally {
    signal?.removeEventListener('abort', abort);
    done.abort(DONE);
  }
}
