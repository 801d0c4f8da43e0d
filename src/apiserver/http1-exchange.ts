import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerHeaders, HttpExchange, RequestOrigin } from './http-exchange.ts';

/** In bytes. */
const PIECE = 64 * 1024;

/** A request over HTTP/1.1. */
export class Http1Exchange implements HttpExchange {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly protocol = 'HTTP/1.1';
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.headers = request.headers;
    this.#request = request;
    this.#response = response;
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

  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }

  offClose(listener: () => void): void {
    this.#response.removeListener('close', listener);
  }

  send(code: number, headers: AnswerHeaders, body: Uint8Array | undefined): void {
    this.#response.writeHead(code, headers);
    if (body === undefined || this.method === 'HEAD') this.#response.end();
    else writeInPieces(this.#response, body);
  }

  hangUp(): void {
    this.#request.destroy();
  }
}

/** What a client does not read is not copied for it, as TLS would do with all that it is given. */
function writeInPieces(response: ServerResponse, body: Uint8Array): void {
  if (body.length <= PIECE) {
    response.end(body);
    return;
  }
  const goOn = (): void => writeInPieces(response, body.subarray(PIECE));
  if (response.write(body.subarray(0, PIECE))) goOn();
  else response.once('drain', goOn);
}
