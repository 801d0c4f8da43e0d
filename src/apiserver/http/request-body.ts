import { requestEntityTooLarge } from '../status.ts';
import type { HttpExchange } from './http-exchange.ts';

/** In bytes, as in Kubernetes' servers. */
const LARGEST_BODY = 3 * 1024 * 1024;

/**
 * Reads the body of a request and forgets it: nothing that is served here has one. The connection
 * ends where it gets too long. Throws a Status 413 where it says so beforehand.
 */
export function dropBody(exchange: HttpExchange): void {
  const announced = Number(exchange.headers['content-length'] ?? 0);
  if (announced > LARGEST_BODY) throw requestEntityTooLarge(LARGEST_BODY);
  let length = 0;
  exchange.onBody((piece) => {
    length += piece.length;
    if (length > LARGEST_BODY) exchange.hangUp();
  });
}
