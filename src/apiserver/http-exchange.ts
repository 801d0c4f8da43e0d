import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';

/** A request over HTTP/1.1 or HTTP/2: what the two of Node.js have in common. */
export interface HttpRequest extends EventEmitter {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly httpVersionMajor: number;
  readonly socket: IncomingMessage['socket'];
  destroy(error?: Error): unknown;
}

/** Where its answer goes. */
export interface HttpResponse extends EventEmitter {
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  end(): unknown;
  end(body: Uint8Array): unknown;
}

/** What answers requests; whatever happens, it does not throw. */
export type RequestHandler = (request: HttpRequest, response: HttpResponse) => void;

/** Of a request, what says who has sent it. */
export type RequestOrigin = Pick<IncomingMessage, 'socket' | 'headers' | 'headersDistinct'>;

/** HTTP/2 requests of Node.js lack headersDistinct. */
export function requestOrigin(request: HttpRequest): RequestOrigin {
  const { headers, rawHeaders } = request;
  const headersDistinct: Record<string, string[]> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    const value = rawHeaders[i + 1] ?? '';
    // Those of HTTP/2 itself are no headers of the client's.
    if (name.startsWith(':')) continue;
    const values = Object.hasOwn(headersDistinct, name) ? headersDistinct[name] : undefined;
    if (values === undefined) {
      Object.defineProperty(headersDistinct, name, { value: [value], enumerable: true });
    } else values.push(value);
  }
  return { socket: connectionOf(request), headers, headersDistinct };
}

/** The same for all requests of a connection; with HTTP/2, `request.socket` is another each time. */
function connectionOf(request: HttpRequest): IncomingMessage['socket'] {
  const session = request instanceof Http2ServerRequest ? request.stream.session : undefined;
  return session?.socket ?? request.socket;
}
