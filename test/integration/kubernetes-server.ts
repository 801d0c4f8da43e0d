import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { generate } from 'selfsigned';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';

/** A request as the stand-in got it. */
export interface ReceivedRequest {
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  /** Common name of the client certificate; empty without one. */
  readonly clientName: string;
}

export type Handler = (request: ReceivedRequest, response: ServerResponse) => void;

/** A server that answers as an API server could, faults included. */
export interface KubernetesServer {
  readonly url: string;
  readonly port: number;
  /** All requests so far, the oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were opened so far. */
  connections(): number;
  /** Answers in another way from now on. */
  answerWith(handler: Handler): void;
  /** Hangs up on all connections, idle ones too. */
  hangUp(): void;
  close(): Promise<void>;
}

export interface ServerSettings {
  readonly handler: Handler;
  /** HTTPS with this certificate; client certificates are requested, not required. */
  readonly tls?: { readonly certificate: CertificateWithKey; readonly clientCa: string };
  readonly port?: number;
}

/** Serves on 127.0.0.1. */
export async function startKubernetesServer(settings: ServerSettings): Promise<KubernetesServer> {
  const requests: ReceivedRequest[] = [];
  let handler = settings.handler;
  let connections = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const received = {
      url: new URL(request.url ?? '/', 'http://kubernetes'),
      headers: request.headers,
      clientName: clientName(request),
    };
    requests.push(received);
    handler(received, response);
  };
  const { tls } = settings;
  const server =
    tls === undefined
      ? http.createServer(listener)
      : https.createServer(
          {
            cert: tls.certificate.cert,
            key: tls.certificate.key,
            ca: tls.clientCa,
            requestCert: true,
            rejectUnauthorized: false,
          },
          listener,
        );
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listenOnLoopback(server, settings.port);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    connections: () => connections,
    answerWith(next) {
      handler = next;
    },
    hangUp: () => server.closeAllConnections(),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function clientName(request: IncomingMessage): string {
  const { socket } = request;
  if (!('getPeerCertificate' in socket) || typeof socket.getPeerCertificate !== 'function')
    return '';
  const certificate: { subject?: { CN?: unknown } } = socket.getPeerCertificate();
  return String(certificate.subject?.CN ?? '');
}

/** Sends a JSON document. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Sends a Status object, as the API server does with every error. */
export function sendStatus(response: ServerResponse, code: number, message: string): void {
  sendJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
}

export interface CertificateWithKey {
  readonly cert: string;
  readonly key: string;
}

export async function makeCa(name: string): Promise<CertificateWithKey> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { cert, key };
}

/** A certificate for a server (names and addresses) or a client (none). */
export async function makeCertificate(
  ca: CertificateWithKey,
  name: string,
  valid: { names?: readonly string[]; addresses?: readonly string[] } = {},
): Promise<CertificateWithKey> {
  const { names = [], addresses = [] } = valid;
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...addresses.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert, key };
}

/** The fields of `cluster` and `user` in a kubeconfig. */
export interface KubeconfigEntries {
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
}

/** The text of a kubeconfig with one context. */
export function kubeconfigText({ cluster, user }: KubeconfigEntries): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [
      { name: 'test', context: { cluster: 'here', ...(user === undefined ? {} : { user: 'me' }) } },
    ],
    clusters: [{ name: 'here', cluster }],
    users: user === undefined ? [] : [{ name: 'me', user }],
  });
}
