import type { Answer } from './answer.ts';
import type { AnswerHeaders, HttpExchange } from './http-exchange.ts';
import { endLingering } from './lingering.ts';

/** Answers beyond this size, in bytes, are compressed for who can read it; as in Kubernetes. */
const COMPRESS_FROM = 128 * 1024;

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
  const large = content.bytes.length > COMPRESS_FROM;
  const compressed = large && readsGzip(exchange.headers['accept-encoding']);
  const body = compressed ? await content.gzipped() : content.bytes;

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
  exchange.send(code, fields, body);
}

/** Whether an Accept-Encoding header has gzip, and not to say that it is unwanted. */
function readsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return String(acceptEncoding ?? '')
    .split(',')
    .map((part) => part.toLowerCase().replaceAll(/\s/g, ''))
    .some((part) => /^gzip(;q=(?!0(\.0*)?$).*)?$/.test(part));
}
