import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from '../connections/connection.ts';
import { OpenRequest } from '../connections/open-request.ts';
import { type Body, bodyLength, bodyPieces, isOnePiece } from './body.ts';
import type { AnswerHeaders, HttpExchange, RequestOrigin } from './http-exchange.ts';

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

  send(code: number, headers: AnswerHeaders, body: Body | undefined): void {
    const hasBody = body !== undefined && this.method !== 'HEAD';
    this.open.answerBegins(hasBody ? bodyLength(body) : 0);
    if (this.open.isOver) return;
    this.#response.writeHead(code, headers);
    if (!hasBody) this.#response.end();
    else if (isOnePiece(body)) this.#response.end(body[0]);
    else this.#write(bodyPieces(body));
  }

  abort(): void {
    this.open.connection.close('stalled');
  }

  /** In pieces: TLS would encrypt, and thus copy, all data that it gets, read by the client or not. */
  #write(pieces: Iterator<Uint8Array, void>): void {
    while (!this.open.isOver) {
      const { value } = pieces.next();
      if (value === undefined) {
        this.#response.end();
        return;
      }
      if (!this.#response.write(value)) {
        this.#response.once('drain', () => {
          this.open.progressed();
          this.#write(pieces);
        });
        return;
      }
    }
  }
}
