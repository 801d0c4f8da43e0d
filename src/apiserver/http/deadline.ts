import { parseGoDuration } from '../../apimachinery/go-duration.ts';
import { badRequest, requestTimeout } from '../status.ts';
import type { HttpExchange } from './http-exchange.ts';

/** The longest that a timer of Node.js can take; one that is set to more ends at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Not an Error, since capturing its stack would take longer than everything else. */
const DONE = 'the request is done';

/** In characters; who asks need not be known to have it read. */
const LONGEST_DURATION = 64;

/**
 * How long a request may take, in milliseconds: as long as its parameter `timeout` says, at most
 * `longest`. Throws a Status 400 where it says nothing that is a duration.
 *
 * @param longest 0: any time
 * @returns 0: any time
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
  return Math.min(timeout, longest > 0 ? longest : LONGEST_TIMER);
}

function durationOf(text: string): number | undefined {
  try {
    return parseGoDuration(text);
  } catch {
    return undefined;
  }
}

/**
 * Does what a request asks for, unless its time is over first: that rejects with a Status 504.
 *
 * @param milliseconds 0: no limit
 * @param work its signal is aborted on timeout, when the client disconnects, and finally when the
 *   work is done: what it has obtained is no longer in use
 */
export async function withDeadline<Result>(
  milliseconds: number,
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
  const timer = milliseconds > 0 ? setTimeout(onTimeout, milliseconds) : undefined;
  try {
    return await Promise.race([work(ended.signal), over.promise]);
  } finally {
    clearTimeout(timer);
    exchange.open.offClose(onClose);
    ended.abort(DONE);
  }
}
