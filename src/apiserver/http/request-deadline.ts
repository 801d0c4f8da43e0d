import { parseGoDuration } from '../../apimachinery/go-duration.ts';
import { badRequest, requestTimeout } from '../status.ts';
import type { HttpExchange } from './http-exchange.ts';

/** The longest timeout of a timer of Node.js; a longer one would end immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Not an Error, since capturing its stack would take longer than everything else. */
const DONE = 'the request is done';

/** In characters: it is parsed before the request is authenticated. */
const LONGEST_DURATION = 64;

/**
 * The timeout of a request, in milliseconds: its parameter `timeout`, at most `longest`. Throws a
 * Status 400 if that is not a duration.
 *
 * @param longest 0: no limit
 * @returns 0: no limit
 */
export function requestedTimeout(query: URLSearchParams, longest: number): number {
  const text = query.get('timeout') ?? '';
  if (text === '') return longest;
  if (text.length > LONGEST_DURATION) {
    throw badRequest(
      `timeout: expected at most ${LONGEST_DURATION} characters, got ${text.length}`,
    );
  }
  const timeout = durationOf(text);
  if (timeout === undefined || timeout < 0) {
    throw badRequest(
      `invalid timeout specified in the request URL: ${JSON.stringify(text)}; expected a duration such as 30s`,
    );
  }
  if (timeout === 0) return longest;
  return Math.min(timeout, longest > 0 ? longest : LONGEST_TIMER_MS);
}

function durationOf(text: string): number | undefined {
  try {
    return parseGoDuration(text);
  } catch {
    return undefined;
  }
}

/**
 * Serves a request within its timeout. Rejects with a Status 504 on timeout.
 *
 * @param timeoutMs 0: no limit
 * @param work its signal is aborted on timeout, when the client disconnects, and finally when the
 *   work is done: its results are then no longer in use
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  exchange: HttpExchange,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  const over = Promise.withResolvers<never>();
  const onClose = (): void => ended.abort();
  exchange.open.onClose(onClose);
  const onTimeout = (): void => {
    over.reject(requestTimeout());
    ended.abort();
  };
  const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;
  try {
    return await Promise.race([work(ended.signal), over.promise]);
  } finally {
    clearTimeout(timer);
    exchange.open.offClose(onClose);
    ended.abort(DONE);
  }
}
