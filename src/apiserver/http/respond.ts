import type { Answer } from '../representation/answer.ts';
import { answerTooLarge } from '../status.ts';
import { bodyLength, PIECE } from './body.ts';
import { acceptsGzip, COMPRESS_FROM } from './compression.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';

/**
 * Sends an answer, compressed if it is large. The exchange of a client that does not read it is aborted.
 *
 * @param common headers of all answers; the answer's own override them
 */
export async function respond(
  exchange: HttpExchange,
  { code, contentType, content, headers }: Answer,
  common: AnswerHeaders,
): Promise<void> {
  const large = content.length > COMPRESS_FROM;
  const compressed = large && acceptsGzip(exchange.headers['accept-encoding']);
  const { limit } = exchange.open.connection.budget;
  if (!compressed && content.length > limit) throw answerTooLarge(content.length, limit);
  const body = compressed ? await content.gzipped() : await content.bytes();
  const length = bodyLength(body);
  if (length > limit) throw answerTooLarge(length, limit);

  limitResponseTime(exchange);
  const fields: Record<string, string | number> = { ...common, ...headers };
  if (large) fields.Vary = [headers.Vary, 'Accept-Encoding'].filter((name) => name).join(', ');
  if (code === 304) {
    exchange.send(code, fields, undefined);
    return;
  }
  fields['Content-Type'] = contentType;
  if (compressed) fields['Content-Encoding'] = 'gzip';
  fields['Content-Length'] = length;
  exchange.open.onClose(() => {
    // A longer one is written as copies.
    if (exchange.isSent || length > PIECE) content.free?.();
  });
  exchange.send(code, fields, body);
}

/** How long a client may take to receive a response, in milliseconds. */
export interface ResponseTimeouts {
  /** Without progress: the client reads nothing. Also the time to complete its request afterwards. */
  readonly idleMs: number;
  readonly totalMs: number;
}

const TIMEOUTS: ResponseTimeouts = { idleMs: 10_000, totalMs: 60_000 };

/**
 * Called when a response is about to be sent. From then on the client cannot keep the exchange open
 * for longer than the timeouts, neither by not reading nor, over HTTP/2, by continuing its request.
 */
export function limitResponseTime(
  exchange: HttpExchange,
  timeouts: ResponseTimeouts = TIMEOUTS,
): void {
  const latest = performance.now() + timeouts.totalMs;
  const timer = setTimeout(() => exchange.abort(), timeouts.idleMs);
  timer.unref();
  exchange.open.onProgress(() => {
    if (performance.now() < latest) timer.refresh();
    else exchange.abort();
  });
  exchange.open.onClose(() => clearTimeout(timer));
}
