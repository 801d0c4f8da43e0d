import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import {
  type AnswerHeaders,
  distinctHeaders,
  type HttpExchange,
  type RequestOrigin,
} from './http-exchange.ts';

/**
 * A request over HTTP/2, by the stream itself: the objects that Node.js can make of it, to look like
 * those of HTTP/1.1, take about a tenth of the time for a request.
 */
export class Http2Exchange implements HttpExchange {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly protocol = 'HTTP/2';
  readonly #stream: ServerHttp2Stream;
  readonly #socket: RequestOrigin['socket'];
  readonly #rawHeaders: readonly string[];
  #code = 0;

  /** @param rawHeaders names and values in turn */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ) {
    this.method = headers[':method'] ?? '';
    this.target = headers[':path'] ?? '';
    this.headers = headers;
    this.#stream = stream;
    this.#socket = stream.session?.socket;
    this.#rawHeaders = rawHeaders;
    // Who waits for the stream is told that it closes; of why there is nothing to be done.
    stream.on('error', ignore);
  }

  get code(): number {
    return this.#code;
  }

  get isSent(): boolean {
    return this.#stream.headersSent && this.#stream.writableFinished;
  }

  origin(): RequestOrigin {
    const headersDistinct = distinctHeaders(this.#rawHeaders);
    return { socket: this.#socket, headers: this.headers, headersDistinct };
  }

  onBody(listener: (piece: Uint8Array) => void): void {
    if (!this.#stream.endAfterHeaders) this.#stream.on('data', listener);
  }

  onClose(listener: () => void): void {
    this.#stream.once('close', listener);
  }

  offClose(listener: () => void): void {
    this.#stream.removeListener('close', listener);
  }

  send(code: number, headers: AnswerHeaders, body: Uint8Array | undefined): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    this.#code = code;
    const hasBody = body !== undefined && this.method !== 'HEAD';
    stream.respond({ ':status': code, ...headers }, { endStream: !hasBody });
    if (hasBody) stream.end(body);
  }

  hangUp(): void {
    // Not with the end of every answer: a reset overtakes that end, and the answer counts as cut.
    const isOut = this.#stream.state.localClose === 1;
    this.#stream.close(isOut ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
  }
}

function ignore(): void {}
