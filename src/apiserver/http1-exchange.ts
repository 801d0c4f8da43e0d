import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from './connections/connection.ts';
import { OpenRequest } from './connections/open-request.ts';
import type { AnswerHeaders, HttpExchange, RequestOrigin } from './http-exchange.ts';

/** In bytes. */
const PIECE = 64 * 1024;

/** A request over HTTP/1.1. */
export class Http1Exchange implements HttpExchange {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly protocol = 'HTTP/1.1';
  readonly open: OpenRequest;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse, connection: Connection) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.headers = request.headers;
    this.#request = request;
    this.#response = response;
    this.open = new OpenRequest(connection, request.rawHeaders);
    response.once('finish', () => this.open.sent());
    response.once('close', () => this.open.closed());
  }

  get code(): number {
    return this.#response.statusCode;
  }

  get isSent(): boolean {
    return this.#response.writableFinished;
  }

  origin(): RequestOrigin {
    const { socket, headers, headersDistinct } = this.#request;
    return { socket, headers, headersDistinct };
  }

  onBody(listener: (piece: Uint8Array) => void): void {
    // A request without these has no body (RFC 9112, 6.3).
    const { 'content-length': length, 'transfer-encoding': encoding } = this.headers;
    if (length !== undefined || encoding !== undefined) this.#request.on('data', listener);
  }

  send(code: number, headers: AnswerHeaders, body: Uint8Array | undefined): void {
    const hasBody = body !== undefined && this.method !== 'HEAD';
    this.open.answerBegins(hasBody ? body.length : 0);
    if (this.open.isOver) return;
    this.#response.writeHead(code, headers);
    if (hasBody) this.#write(body);
    else this.#response.end();
  }

  hangUp(): void {
    this.open.connection.close('stalled');
  }

  /** What a client does not read is not copied for it, as TLS would do with all that it is given. */
  #write(body: Uint8Array): void {
    if (body.length <= PIECE) {
      this.#response.end(body);
      return;
    }
    const goOn = (): void => this.#write(body.subarray(PIECE));
    const isTaken = this.#response.write(body.subarray(0, PIECE));
    if (isTaken) {
      goOn();
      return;
    }
    this.#response.once('drain', () => {
      this.open.progressed();
      goOn();
    });
  }
}
