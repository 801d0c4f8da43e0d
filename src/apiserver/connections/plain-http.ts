import type { Socket } from 'node:net';

/** The first byte of a TLS record of a handshake (RFC 8446, 5.1). */
const HANDSHAKE = 0x16;

/** The start of a request: its method, and a space. */
const REQUEST_LINE = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI) /;

/** How long a client has to read the response. */
const LINGER_MS = 1_000;

/** The response of Go's HTTP server. */
const ANSWER = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';

/**
 * Waits for the first bytes of a connection, and responds with 400 if they are HTTP without TLS.
 *
 * @param timeoutMs for the first bytes; then the client is disconnected
 * @param onTls called if they are not HTTP; the socket emits them again
 * @param onPlain called if they are HTTP
 */
export function rejectPlainHttp(
  socket: Socket,
  timeoutMs: number,
  { onTls, onPlain }: { readonly onTls: () => void; readonly onPlain: () => void },
): void {
  socket.on('error', ignore);
  socket.setTimeout(timeoutMs, () => socket.destroy());
  socket.once('data', (first) => {
    if (first[0] !== HANDSHAKE && REQUEST_LINE.test(first.toString('latin1', 0, 10))) {
      onPlain();
      socket.end(ANSWER);
      // Unread bytes would make the kernel discard the response.
      socket.resume();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
      return;
    }
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(first);
    onTls();
  });
}

function ignore(): void {}
