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
import type { ServingCertificate } from '../serving-certificate.ts';
import { openHttp2Request } from './http2-exchange.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Other processes may listen on the same port (SO_REUSEPORT). */
  readonly reusePort: boolean;
  readonly certificate: ServingCertificate;
  /** `tls-sni-cert-key`: certificates for clients that ask for one of these names. */
  readonly namedCertificates: readonly NamedCertificate[];
  /** `tls-min-version` and `tls-cipher-suites`, as Node.js takes them. */
  readonly tls: Pick<SecureContextOptions, 'minVersion' | 'ciphers'>;
  /** Told of what goes wrong with the listening socket after the start. */
  readonly onError: (error: Error) => void;
  /** Undefined: HTTP/2 is not offered. HTTP/1.1 always is. */
  readonly http2: Http2Options | undefined;
  readonly limits: ConnectionLimits;
  readonly observer: ConnectionObserver;
}

/** Who is told of the requests that come. */
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
  /** How many requests of a connection may be under way. */
  readonly maxStreams: number;
  /** How long a connection may be without traffic, in milliseconds; default: two minutes. */
  readonly idleTimeout?: number;
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
  /** New connections that ask for one of the names get this certificate. */
  addCertificate(named: NamedCertificate): void;
  /**
   * Accepts no more connections, waits for running requests, and aborts them after the grace period.
   * Requests that clients do not complete are aborted after a second.
   */
  close(graceMilliseconds: number): Promise<void>;
}

/** How long a connection may stay without a request, in milliseconds: longer than clients' own. */
const IDLE_TIMEOUT = 120_000;

/** Bytes; a front proxy sends a header for every group of a user. */
const maxHeaderSize = 64 * 1024;
const maxHeaders = 2000;

/** Times are in milliseconds. */
const http1Limits = {
  maxHeaderSize,
  keepAliveTimeout: IDLE_TIMEOUT,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

const http2Limits = {
  maxHeaderListPairs: maxHeaders,
  // Megabytes a connection: 64 KiB for each of 250 streams, and what nghttp2 needs.
  maxSessionMemory: 20,
  maxOutstandingPings: 10,
  // Streams that a client may cancel at once, and a second from then on; all of a connection at once
  // when the API server's own client gives up.
  streamResetBurst: 500,
  streamResetRate: 33,
  // Of the peer's choosing up to this; in bytes.
  maxDeflateDynamicTableSize: 4096,
};

/** The size of the HPACK table, in bytes: the default of HTTP/2. */
const headerTableSize = 4096;

/** Pipelined requests of an HTTP/1.1 connection; no Kubernetes client sends two. */
const MOST_PIPELINED = 16;

/** In bytes; some tens of the shortest requests. */
const PARSED_AT_ONCE = 1024;

/** How long a client may take until the first byte and for the TLS handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/** How long requests may remain incomplete during shutdown, in milliseconds. */
const INCOMPLETE_GRACE = 1_000;

/** Starts to listen. Rejects where the port cannot be had. */
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
      // A connection that cannot be accepted is that client's loss only.
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
    async close(graceMilliseconds) {
      const incomplete = setTimeout(connections.closeUnoccupied, INCOMPLETE_GRACE);
      const grace = setTimeout(connections.closeAll, graceMilliseconds);
      // Idle connections end at once, the others with their last answer.
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
  const handshakeTimeout = HANDSHAKE_TIMEOUT;
  const secure = { ...tls, ...certificate, ...askForClientCertificates, handshakeTimeout };
  const onHttp1 = http1Listener(listeners, connections);
  if (http2 === undefined) {
    const server = createServer({ ...secure, ...http1Limits }, onHttp1);
    server.maxHeadersCount = maxHeaders;
    server.on('secureConnection', (socket) => parseInPieces(socket, connections));
    return server;
  }
  const { maxStreams } = http2;
  const server = createSecureServer({
    ...secure,
    ...http1Limits,
    ...http2Limits,
    allowHTTP1: true,
    settings: {
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: maxHeaderSize,
      headerTableSize,
    },
  });
  // Node.js emits requests of both versions, those of HTTP/2 through its HTTP/1.1 compatibility API.
  server.on('request', (request, response) => {
    const isHttp1 = request instanceof IncomingMessage && response instanceof ServerResponse;
    if (isHttp1) onHttp1(request, response);
  });
  // That listener has brought another, which would dress up each stream.
  server.removeAllListeners('stream');
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol !== 'h2') parseInPieces(socket, connections);
  });
  server.on('session', (session) => {
    endWhenIdle(session, http2.idleTimeout ?? IDLE_TIMEOUT);
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
    // Counted now, and not when they start: a client can send thousands before that.
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
  /** Requests that have no complete response. */
  unanswered: number;
}

/**
 * Hands what a connection of HTTP/1.1 receives to the parser in small pieces, until the connection is
 * closed. Of a whole chunk Node.js would make hundreds of requests at once, and keep all of them until
 * the socket is closed.
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
    // A stream that ends early is not a fault, and its listeners get the close event.
    stream.on('error', ignore);
    if (connection.isClosing) return;
    // Its memory counts from now on, not only from when it starts.
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
    rejectPlainHttp(socket, HANDSHAKE_TIMEOUT, {
      onTls: () => {
        for (const listener of startHandshake) listener.call(server, socket);
      },
      onPlain: () => observer.onClosed('plain_http', connection.address),
    });
  });
}

/**
 * HTTP/2 connections have no time limit of their own. One that is told to go stays for what is under
 * way, which may be a request that its client never ends.
 *
 * @param milliseconds so long without traffic it is told to go, so long again and it is closed
 */
function endWhenIdle(session: ServerHttp2Session, milliseconds: number): void {
  session.setTimeout(milliseconds, () => {
    session.close();
    const timer = setTimeout(() => session.destroy(), milliseconds);
    timer.unref();
    session.once('close', () => clearTimeout(timer));
  });
}

function ignore(): void {}
