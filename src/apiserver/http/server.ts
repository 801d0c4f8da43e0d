import { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { askForClientCertificates } from '../authentication/peer-certificates.ts';
import type { Connection } from '../connections/connection.ts';
import {
  type ConnectionLimits,
  type ConnectionObserver,
  type Connections,
  trackConnections,
} from '../connections/connections.ts';
import type { OpenRequest } from '../connections/open-request.ts';
import { rejectPlainHttp } from '../connections/plain-http.ts';
import type { ServingCertificate } from '../serving-certificate/serving-certificate.ts';
import { openHttp2Request } from './http2-exchange.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Other processes may listen on the same port (SO_REUSEPORT). */
  readonly reusePort: boolean;
  readonly certificate: ServingCertificate;
  /** `tls-sni-cert-key`: certificates for clients that connect to one of these names. */
  readonly namedCertificates: readonly NamedCertificate[];
  /** `tls-min-version` and `tls-cipher-suites`, as Node.js takes them. */
  readonly tls: Pick<SecureContextOptions, 'minVersion' | 'ciphers'>;
  /** Called on errors of the listening socket after the start. */
  readonly onError: (error: Error) => void;
  /** Undefined: HTTP/2 is not offered. HTTP/1.1 always is. */
  readonly http2: Http2Options | undefined;
  readonly limits: ConnectionLimits;
  readonly observer: ConnectionObserver;
}

/** Called for each request. */
export interface RequestListeners {
  onHttp1(request: IncomingMessage, response: ServerResponse, connection: Connection): void;
  /** @param rawHeaders names and values alternating */
  onHttp2(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    open: OpenRequest,
  ): void;
}

export interface Http2Options {
  /** The number of concurrent requests of a connection. */
  readonly maxStreams: number;
  /** How long a connection may be without traffic; default: two minutes. */
  readonly idleTimeoutMs?: number;
}

/** A certificate for some host names; `*.` stands for one label. */
export interface NamedCertificate {
  readonly names: readonly string[];
  readonly certificate: ServingCertificate;
}

/** A listening server. */
export interface Server {
  readonly port: number;
  /** Bytes of responses that clients have not read yet. */
  unsentBytes(): number;
  /** New connections get this certificate. */
  replaceCertificate(certificate: ServingCertificate): void;
  /** New connections for one of the names (SNI) get this certificate. */
  addCertificate(named: NamedCertificate): void;
  /**
   * Accepts no more connections, waits for running requests, and aborts them after the grace period.
   * Requests that clients do not complete are aborted after a second.
   */
  close(graceMs: number): Promise<void>;
}

/** How long a connection may be idle: longer than the idle timeout of Kubernetes clients. */
const IDLE_TIMEOUT_MS = 120_000;

/** In bytes. A front proxy sends a header for each group of a user. */
const MAX_HEADER_SIZE = 64 * 1024;
const MAX_HEADERS = 2000;

/** Times are in milliseconds. */
const HTTP1_LIMITS = {
  maxHeaderSize: MAX_HEADER_SIZE,
  keepAliveTimeout: IDLE_TIMEOUT_MS,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

const HTTP2_LIMITS = {
  maxHeaderListPairs: MAX_HEADERS,
  // In megabytes per connection: 64 KiB for each of 250 streams, and the memory of nghttp2.
  maxSessionMemory: 20,
  maxOutstandingPings: 10,
  // Streams that a client may cancel at once, and per second after that. The API server cancels all
  // streams of a connection at once when its own client disconnects.
  streamResetBurst: 500,
  streamResetRate: 33,
  // The largest table that the peer may choose, in bytes.
  maxDeflateDynamicTableSize: 4096,
};

/** The size of the HPACK table, in bytes: the default of HTTP/2. */
const HEADER_TABLE_SIZE = 4096;

/** Pipelined requests of an HTTP/1.1 connection; no Kubernetes client sends two. */
const MOST_PIPELINED = 16;

/** In bytes: a few dozen of the shortest requests. */
const PARSED_AT_ONCE = 1024;

/** For the first byte, and for the TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** How long requests may remain incomplete during shutdown. */
const INCOMPLETE_GRACE_MS = 1_000;

/** Starts to listen. Rejects if the address is not available. */
export async function startServer(
  listeners: RequestListeners,
  options: ServerOptions,
): Promise<Server> {
  const { host, port, reusePort, tls } = options;
  const connections = trackConnections(options.limits, options.observer);
  const server = createListener(listeners, connections, options);
  const addCertificate = ({ names, certificate }: NamedCertificate): void => {
    for (const name of names) {
      server.addContext(name, { ...tls, ...certificate, ...askForClientCertificates });
    }
  };
  for (const named of options.namedCertificates) addCertificate(named);
  acceptWithin(server, connections, options.observer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, reusePort }, () => {
      server.removeListener('error', reject);
      // A connection that cannot be accepted does not affect other clients.
      server.on('error', options.onError);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    unsentBytes: () => connections.budget.unsentBytes,
    replaceCertificate: (next) =>
      server.setSecureContext({ ...tls, ...next, ...askForClientCertificates }),
    addCertificate,
    async close(graceMs) {
      const incomplete = setTimeout(connections.closeUnoccupied, INCOMPLETE_GRACE_MS);
      const grace = setTimeout(connections.closeAll, graceMs);
      // Idle connections are closed immediately, the others after their last response.
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(incomplete);
      clearTimeout(grace);
    },
  };
}

function createListener(
  listeners: RequestListeners,
  connections: Connections,
  { certificate, tls, http2 }: ServerOptions,
): HttpsServer | Http2SecureServer {
  const handshakeTimeout = HANDSHAKE_TIMEOUT_MS;
  const secure = { ...tls, ...certificate, ...askForClientCertificates, handshakeTimeout };
  const onHttp1 = http1Listener(listeners, connections);
  if (http2 === undefined) {
    const server = createServer({ ...secure, ...HTTP1_LIMITS }, onHttp1);
    server.maxHeadersCount = MAX_HEADERS;
    server.on('secureConnection', (socket) => parseInPieces(socket, connections));
    return server;
  }
  const { maxStreams } = http2;
  const server = createSecureServer({
    ...secure,
    ...HTTP1_LIMITS,
    ...HTTP2_LIMITS,
    allowHTTP1: true,
    settings: {
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: MAX_HEADER_SIZE,
      headerTableSize: HEADER_TABLE_SIZE,
    },
  });
  // Node.js emits requests of both versions, those of HTTP/2 through its HTTP/1.1 compatibility API.
  server.on('request', (request, response) => {
    const isHttp1 = request instanceof IncomingMessage && response instanceof ServerResponse;
    if (isHttp1) onHttp1(request, response);
  });
  // Together with that listener Node.js adds one for streams, which would wrap each stream.
  server.removeAllListeners('stream');
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol !== 'h2') parseInPieces(socket, connections);
  });
  server.on('session', (session) => {
    endWhenIdle(session, http2.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
    listenToStreams(session, listeners, connections);
  });
  return server;
}

function http1Listener(
  { onHttp1 }: RequestListeners,
  connections: Connections,
): (request: IncomingMessage, response: ServerResponse) => void {
  const known = new WeakMap<Socket, Http1Connection>();
  const takeOver = (socket: Socket): Http1Connection | undefined => {
    const connection = connections.of(socket);
    if (connection === undefined) return undefined;
    connection.destroyBy(() => socket.destroy());
    const tracked = { connection, unanswered: 0 };
    known.set(socket, tracked);
    return tracked;
  };
  return (request, response) => {
    const { socket } = request;
    const tracked = known.get(socket) ?? takeOver(socket);
    if (tracked === undefined || tracked.connection.isClosing) return;
    const { connection } = tracked;
    tracked.unanswered += 1;
    // Counted before they start: a client can send thousands before that.
    if (tracked.unanswered > MOST_PIPELINED) {
      connection.close('pipeline_limit');
      return;
    }
    response.once('close', () => {
      tracked.unanswered -= 1;
    });
    connections.scheduler.start(connection, () => {
      if (!connection.isClosing) onHttp1(request, response, connection);
    });
  };
}

/** A connection of HTTP/1.1. */
interface Http1Connection {
  readonly connection: Connection;
  /** The number of requests without a complete response. */
  unanswered: number;
}

/**
 * Passes the data of an HTTP/1.1 connection to the parser in small pieces, until the connection is
 * closed. From a whole chunk Node.js would create hundreds of requests at once, and keep all of them
 * until the socket is closed.
 */
function parseInPieces(socket: Socket, connections: Connections): void {
  const connection = connections.of(socket);
  const parsers = socket.listeners('data');
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += PARSED_AT_ONCE) {
      if (connection?.isClosing || socket.destroyed) return;
      if (socket.isPaused()) {
        socket.unshift(chunk.subarray(at));
        return;
      }
      for (const parse of parsers) parse.call(socket, chunk.subarray(at, at + PARSED_AT_ONCE));
    }
  });
}

function listenToStreams(
  session: ServerHttp2Session,
  { onHttp2 }: RequestListeners,
  connections: Connections,
): void {
  const connection = session.socket && connections.of(session.socket);
  if (connection === undefined) {
    session.destroy();
    return;
  }
  connection.destroyBy(() => session.destroy());
  const onStream = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    rawHeaders: readonly string[],
  ): void => {
    // A stream that ends early is not an error, and its listeners get the close event.
    stream.on('error', ignore);
    if (connection.isClosing) return;
    // Its memory counts from now on, before it starts.
    const open = openHttp2Request(stream, rawHeaders, connection);
    connections.scheduler.start(connection, () => {
      if (!open.isOver && !stream.destroyed) onHttp2(stream, headers, rawHeaders, open);
    });
  };
  session.on('stream', onStream);
}

/** Checks each connection before its handshake: the connection limits, and whether it is TLS. */
function acceptWithin(
  server: HttpsServer | Http2SecureServer,
  connections: Connections,
  observer: ConnectionObserver,
): void {
  const startHandshake = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const connection = connections.accept(socket);
    if (connection === undefined) return;
    rejectPlainHttp(socket, HANDSHAKE_TIMEOUT_MS, {
      onTls: () => {
        for (const listener of startHandshake) listener.call(server, socket);
      },
      onPlain: () => observer.onClosed('plain_http', connection.address),
    });
  });
}

/**
 * Node.js has no idle timeout for HTTP/2 connections. After the timeout a connection gets a GOAWAY,
 * and after the same time again it is closed: a client might never complete a request.
 */
function endWhenIdle(session: ServerHttp2Session, timeoutMs: number): void {
  session.setTimeout(timeoutMs, () => {
    session.close();
    const timer = setTimeout(() => session.destroy(), timeoutMs);
    timer.unref();
    session.once('close', () => clearTimeout(timer));
  });
}

function ignore(): void {}
