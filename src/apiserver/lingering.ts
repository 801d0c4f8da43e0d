import type { HttpExchange } from './http-exchange.ts';

/** How long an answer may be under way, in milliseconds. */
const LONGEST_SENDING = 60_000;

/**
 * Called when an answer is about to be sent: from then on the client cannot keep the exchange open
 * for longer than that, neither by not reading nor, over HTTP/2, by going on with its request.
 *
 * @param longestSending in milliseconds
 */
export function endLingering(exchange: HttpExchange, longestSending = LONGEST_SENDING): void {
  const timer = setTimeout(() => exchange.hangUp(), longestSending);
  timer.unref();
  exchange.onClose(() => clearTimeout(timer));
}
