import { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { askForClientCertificates } from './authentication/peer-certificates.ts';
import type { ServingCertificate } from './serving-certificate.ts';

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
}

/** Who is told of the requests that come. */
export interface RequestListeners {
  onHttp1(request: IncomingMessage, response: ServerResponse): void;
  /** @param rawHeaders names and values in turn */
  onHttp2(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
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
  /** New connections get this certificate. */
  replaceCertificate(certificate: ServingCertificate): void;
  /** New connections that ask for one of the names get this certificate. */
  addCertificate(named: NamedCertificate): void;
  /** Takes no more connections, lets running requests end, and ends them after the grace time. */
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
  // Megabytes a connection; by default so few that large answers on many streams do not fit.
  maxSessionMemory: 64,
  maxOutstandingPings: 10,
};

/** Starts to listen. Rejects where the port cannot be had. */
export async function startServer(
  listeners: RequestListeners,
  options: ServerOptions,
): Promise<Server> {
  const { host, port, reusePort, tls } = options;
  const server = createListener(listeners, options);
  const addCertificate = ({ names, certificate }: NamedCertificate): void => {
    for (const name of names) {
      server.addContext(name, { ...tls, ...certificate, ...askForClientCertificates });
    }
  };
  for (const named of options.namedCertificates) addCertificate(named);
  const sockets = trackSockets(server);
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
    replaceCertificate: (next) =>
      server.setSecureContext({ ...tls, ...next, ...askForClientCertificates }),
    addCertificate,
    async close(graceMilliseconds) {
      const end = (): void => {
        for (const socket of sockets) socket.destroy();
      };
      const timer = setTimeout(end, graceMilliseconds);
      // Idle connections end at once, the others with their last answer.
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(timer);
    },
  };
}

function createListener(
  listeners: RequestListeners,
  { certificate, tls, http2 }: ServerOptions,
): HttpsServer | Http2SecureServer {
  const secure = { ...tls, ...certificate, ...askForClientCertificates, handshakeTimeout: 10_000 };
  if (http2 === undefined) {
    const server = createServer({ ...secure, ...http1Limits }, listeners.onHttp1);
    server.maxHeadersCount = maxHeaders;
    return server;
  }
  const server = createSecureServer({
    ...secure,
    ...http1Limits,
    ...http2Limits,
    allowHTTP1: true,
    settings: { maxConcurrentStreams: http2.maxStreams, maxHeaderListSize: maxHeaderSize },
  });
  listen(server, listeners);
  server.on('session', (session) => endWhenIdle(session, http2.idleTimeout ?? IDLE_TIMEOUT));
  return server;
}

/** Node.js tells of requests of both versions, those of HTTP/2 in the looks of HTTP/1.1. */
function listen(server: Http2SecureServer, { onHttp1, onHttp2 }: RequestListeners): void {
  server.on('request', (request, response) => {
    const isHttp1 = request instanceof IncomingMessage && response instanceof ServerResponse;
    if (isHttp1) onHttp1(request, response);
  });
  // That listener has brought another, which would dress up each stream.
  server.removeAllListeners('stream');
  const onStream = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    rawHeaders: readonly string[],
  ): void => onHttp2(stream, headers, rawHeaders);
  server.on('stream', onStream);
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

/** The open connections. */
function trackSockets(server: HttpsServer | Http2SecureServer): ReadonlySet<TLSSocket> {
  const sockets = new Set<TLSSocket>();
  const track = (socket: TLSSocket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  if ('closeAllConnections' in server) server.on('secureConnection', track);
  else server.on('secureConnection', track);
  return sockets;
}
