import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { distinctHeaders, type HttpExchange } from './http-exchange.ts';

/**
 * A request over HTTP/2, by the stream itself: the objects that Node.js can make of it to look like
 * HTTP/1.1 cost a quarter of what the server does for a request.
 *
 * @param rawHeaders names and values in turn
 */
export function http2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): HttpExchange {
  const { ':method': method = '', ':path': target = '' } = headers;
  const socket = stream.session?.socket;
  let sentCode = 0;
  // Whoever waits for the stream is told when it closes: of why there is nothing to be done.
  stream.on('error', () => undefined);
  return {
    method,
    target,
    headers,
    protocol: 'HTTP/2',
    get code() {
      return sentCode;
    },
    get isSent() {
      return stream.headersSent && stream.writableFinished;
    },
    origin: () => ({ socket, headers, headersDistinct: distinctHeaders(rawHeaders) }),
    onBody(listener) {
      if (!stream.endAfterHeaders) stream.on('data', listener);
    },
    onClose: (listener) => void stream.once('close', listener),
    offClose: (listener) => void stream.removeListener('close', listener),
    send(code, fields, body) {
      if (stream.destroyed || stream.closed) return;
      sentCode = code;
      const hasBody = body !== undefined && method !== 'HEAD';
      stream.respond({ ':status': code, ...fields }, { endStream: !hasBody });
      if (hasBody) stream.end(body);
    },
    hangUp() {
      // Not with the end of every answer: a reset overtakes that end, and the answer counts as cut.
      const isSent = stream.state.localClose === 1;
      stream.close(isSent ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
    },
  };
}
