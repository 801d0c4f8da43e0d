import { PrometheusError } from '../errors.ts';

export interface Deadline {
  /** Milliseconds from now. */
  readonly timeoutMs: number;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs something that can be stopped, within a time that covers all of it.
 *
 * @param run stops, however it likes, when its signal says so
 * @throws PrometheusError when it was stopped: `timeout`, or the signal's reason where that is one,
 *   else `canceled`; otherwise what `run` throws
 */
export async function withDeadline<T>(
  { timeoutMs, signal }: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const timedOut = new PrometheusError('timeout', `no complete answer within ${timeoutMs} ms`);
  const cancel = () => stop.abort(canceled(signal));
  if (signal?.aborted) {
    throw canceled(signal);
  }
  // Not AbortSignal.any and .timeout: these keep something alive per request for a caller's signal
  // that lives long.
  const timer = setTimeout(() => stop.abort(timedOut), timeoutMs);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await run(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

/** Any other reason is the caller's business, and may hold what the log must not. */
function canceled(signal: AbortSignal | undefined): PrometheusError {
  const reason: unknown = signal?.reason;
  return reason instanceof PrometheusError
    ? reason
    : new PrometheusError('canceled', 'the caller gave up');
}
