import type { Answer } from '../representation/answer.ts';
import { answerTooLarge } from '../status.ts';
import { PIECE } from './answer-pieces.ts';
import { bodyLength } from './body.ts';
import { COMPRESS_FROM, readsGzip } from './compression.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';
import { endLingering } from './response-timeout.ts';

/**
 * Sends an answer, compressed where that is worth it. A client that does not take it is hung up on.
 *
 * @param common headers of all answers; the answer's own go before them
 */
export async function respond(
  exchange: HttpExchange,
  { code, contentType, content, headers }: Answer,
  common: AnswerHeaders,
): Promise<void> {
  const large = content.length > COMPRESS_FROM;
  const compressed = large && readsGzip(exchange.headers['accept-encoding']);
  const { limit } = exchange.open.connection.budget;
  if (!compressed && content.length > limit) throw answerTooLarge(content.length, limit);
  const body = compressed ? await content.gzipped() : await content.bytes();
  const length = bodyLength(body);
  if (length > limit) throw answerTooLarge(length, limit);

  endLingering(exchange);
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
    // Of a longer one the kernel gets copies.
    if (exchange.isSent || length > PIECE) content.free?.();
  });
  exchange.send(code, fields, body);
}
