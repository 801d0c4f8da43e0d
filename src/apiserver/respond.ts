import type { Answer } from './answer.ts';
import { COMPRESS_FROM, readsGzip } from './compression.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';
import { endLingering } from './lingering.ts';

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
  const body = compressed ? await content.gzipped() : await content.bytes();

  endLingering(exchange);
  const fields: Record<string, string | number> = { ...common, ...headers };
  if (large) fields.Vary = [headers.Vary, 'Accept-Encoding'].filter((name) => name).join(', ');
  if (code === 304) {
    exchange.send(code, fields, undefined);
    return;
  }
  fields['Content-Type'] = contentType;
  if (compressed) fields['Content-Encoding'] = 'gzip';
  fields['Content-Length'] = body.length;
  exchange.onClose(() => {
    if (exchange.isSent) content.free?.();
  });
  exchange.send(code, fields, body);
}
