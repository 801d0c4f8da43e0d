import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpExchange } from './http-exchange.ts';

/** A request over HTTP/1.1. */
export function http1Exchange(request: IncomingMessage, response: ServerResponse): HttpExchange {
  const { method = '', url: target = '', headers } = request;
  return {
    method,
    target,
    headers,
    protocol: 'HTTP/1.1',
    get code() {
      return response.statusCode;
    },
    get isSent() {
      return response.writableFinished;
    },
    origin: () => ({ socket: request.socket, headers, headersDistinct: request.headersDistinct }),
    onBody(listener) {
      // A request without these has no body (RFC 9112, 6.3).
      const { 'content-length': length, 'transfer-encoding': encoding } = headers;
      if (length !== undefined || encoding !== undefined) request.on('data', listener);
    },
    onClose: (listener) => void response.once('close', listener),
    offClose: (listener) => void response.removeListener('close', listener),
    send(code, fields, body) {
      response.writeHead(code, fields);
      response.end(method === 'HEAD' ? undefined : body);
    },
    hangUp: () => void request.destroy(),
  };
}
