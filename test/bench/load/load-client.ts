import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { LoadTarget, Protocol } from './load.ts';

export interface LoadAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** A client that keeps its connections. */
export interface LoadClient {
  /** @throws Error where no answer comes */
  get(path: string): Promise<LoadAnswer>;
  close(): void;
}

/** HTTP/1.1: a connection for each request that is under way; HTTP/2: one for all. */
export async function connectLoadClient(
  target: LoadTarget,
  protocol: Protocol,
  concurrency: number,
): Promise<LoadClient> {
  return protocol === 'HTTP/2' ? http2Client(target) : http1Client(target, concurrency);
}

function http1Client(target: LoadTarget, concurrency: number): LoadClient {
  const { hostname, port } = new URL(target.url);
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: concurrency,
    ALPNProtocols: ['http/1.1'],
    ...tls(target),
  });
  const { headers } = target;
  return {
    get(path) {
      const { promise, resolve, reject } = Promise.withResolvers<LoadAnswer>();
      https
        .get({ hostname, port, path, headers, agent }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
          );
        })
        .on('error', reject);
      return promise;
    },
    close: () => agent.destroy(),
  };
}

async function http2Client(target: LoadTarget): Promise<LoadClient> {
  const session = http2.connect(target.url, tls(target));
  await once(session, 'connect');
  // Every request that is under way tells of it.
  session.on('error', () => undefined);
  const { headers } = target;
  return {
    get(path) {
      const { promise, resolve, reject } = Promise.withResolvers<LoadAnswer>();
      const stream = session.request({ ':path': path, ...headers });
      const chunks: Buffer[] = [];
      let status = 0;
      stream.on('response', (answer) => {
        status = answer[':status'] ?? 0;
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => resolve({ status, body: Buffer.concat(chunks) }));
      return promise;
    },
    close: () => session.destroy(),
  };
}

function tls({ ca, cert, key }: LoadTarget) {
  return { ...(ca === undefined ? { rejectUnauthorized: false } : { ca }), cert, key };
}
