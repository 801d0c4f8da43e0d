import type { Answer } from './answer.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import { endLingering } from './lingering.ts';

/** Answers beyond this size, in bytes, are compressed for who can read it; as in Kubernetes. */
const COMPRESS_FROM = 128 * 1024;

/**
 * Sends an answer: without its body where it is to have none, compressed where that is worth it. A
 * client that does not take it is hung up on.
 */
export async function respond(
  request: Pick<HttpRequest, 'method' | 'headers'>,
  response: HttpResponse,
  { code, contentType, content, headers }: Answer,
): Promise<void> {
  const large = content.bytes.length > COMPRESS_FROM;
  const compressed = large && readsGzip(request.headers['accept-encoding']);
  const body = compressed ? await content.gzipped() : content.bytes;

  endLingering(response);
  response.statusCode = code;
  const vary = [headers.Vary, large ? 'Accept-Encoding' : undefined].filter((name) => name);
  const all = { ...headers, ...(vary.length > 0 && { Vary: vary.join(', ') }) };
  for (const [name, value] of Object.entries(all)) response.setHeader(name, value);
  if (code === 304) {
    response.end();
    return;
  }
  response.setHeader('Content-Type', contentType);
  if (compressed) response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Length', body.length);
  if (request.method === 'HEAD') response.end();
  else response.end(body);
}

/** Whether an Accept-Encoding header has gzip, and not to say that it is unwanted. */
function readsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return String(acceptEncoding ?? '')
    .split(',')
    .map((part) => part.toLowerCase().replaceAll(/\s/g, ''))
    .some((part) => /^gzip(;q=(?!0(\.0*)?$).*)?$/.test(part));
}
