import type { HttpExchange } from './http-exchange.ts';

/** Times in milliseconds. */
export interface SendingLimits {
  /** How long the client may read nothing, and how long it has to complete its request afterwards. */
  readonly withoutProgress: number;
  readonly total: number;
}

const LIMITS: SendingLimits = { withoutProgress: 10_000, total: 60_000 };

/**
 * Called when an answer is about to be sent: from then on the client cannot keep the exchange open
 * for longer than that, neither by not reading nor, over HTTP/2, by going on with its request.
 */
export function endLingering(exchange: HttpExchange, limits: SendingLimits = LIMITS): void {
  const latest = performance.now() + limits.total;
  const timer = setTimeout(() => exchange.hangUp(), limits.withoutProgress);
  timer.unref();
  exchange.open.onProgress(() => {
    if (performance.now() < latest) timer.refresh();
    else exchange.hangUp();
  });
  exchange.open.onClose(() => clearTimeout(timer));
}
