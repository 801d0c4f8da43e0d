import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { OpenRequest } from '../connections/open-request.ts';
import { requestEntityTooLarge } from '../status.ts';
import type { Body } from './body.ts';

/** The parts of a request that identify its sender. */
export interface RequestOrigin {
  /** The same for all requests of a connection. */
  readonly socket: Socket | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Each value of a header separately. */
  readonly headersDistinct: IncomingMessage['headersDistinct'];
}

/** Header fields of an answer. */
export type AnswerHeaders = Readonly<Record<string, string | number>>;

/** A request over HTTP/1.1 or HTTP/2, and its response. */
export interface HttpExchange {
  readonly method: string;
  /** The request target, unchanged. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly protocol: 'HTTP/1.1' | 'HTTP/2';
  /** The status code that was sent; meaningless before. */
  readonly code: number;
  /** Whether all of the answer has been handed to the operating system. */
  readonly isSent: boolean;
  /** The request in its connection: when it ends, and the memory that it uses. */
  readonly open: OpenRequest;
  origin(): RequestOrigin;
  /** Reads the body, if there is one, and calls the listener for each piece. */
  onBody(listener: (piece: Uint8Array) => void): void;
  /**
   * Sends the answer, unless the client has disconnected.
   *
   * @param body undefined: an answer without one
   */
  send(code: number, headers: AnswerHeaders, body: Body | undefined): void;
  /**
   * Aborts the exchange in any state: over HTTP/1.1 the connection; over HTTP/2 the stream, if the
   * response is sent or the connection belongs to the front proxy, which other users share.
   */
  abort(): void;
}

/** Answers a request. Does not throw. */
export type ExchangeHandler = (exchange: HttpExchange) => void;

/**
 * `headersDistinct`, which Node.js has for HTTP/1.1 only.
 *
 * @param rawHeaders names and values alternating
 */
export function distinctHeaders(rawHeaders: readonly string[]): IncomingMessage['headersDistinct'] {
  const distinct: Record<string, string[]> = Object.create(null);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    // Pseudo-headers are not headers of the client.
    if (name.startsWith(':')) continue;
    const value = rawHeaders[i + 1] ?? '';
    const values = distinct[name];
    if (values === undefined) distinct[name] = [value];
    else values.push(value);
  }
  return distinct;
}

/** In bytes, as in Kubernetes' servers. */
const LARGEST_BODY = 3 * 1024 * 1024;

/**
 * Reads and discards the body of a request: no request that is served has one. Throws a Status 413 if
 * the announced length is too large, and aborts the exchange if the body becomes too large.
 */
export function discardBody(exchange: HttpExchange): void {
  const announced = Number(exchange.headers['content-length'] ?? 0);
  if (announced > LARGEST_BODY) throw requestEntityTooLarge(LARGEST_BODY);
  let length = 0;
  exchange.onBody((piece) => {
    length += piece.length;
    if (length > LARGEST_BODY) exchange.abort();
  });
}
