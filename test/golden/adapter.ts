import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { type RunningProcess, startProcess } from '../../scripts/parts/process.ts';
import { servingPort } from '../fixtures/serving-port.ts';
import type { KeyPair } from '../integration/certificates.ts';
import type { Answer, RecordedRequest } from './recorded-cases.ts';

export interface AdapterSettings {
  /** Path of the rules file. */
  readonly config: string;
  readonly prometheusUrl: string;
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** The directory of the serving certificate, shared to create it once. */
  readonly certificates: string;
}

export interface RunningAdapter extends RunningProcess {
  readonly port: number;
}

/** Starts this adapter from its sources as a separate process and waits until it is ready. */
export async function startAdapter(settings: AdapterSettings): Promise<RunningAdapter> {
  let port: number | undefined;
  const running = await startProcess({
    name: `adapter with ${settings.config}`,
    command: process.execPath,
    args: [
      new URL('../../src/main.ts', import.meta.url).pathname,
      `--config=${settings.config}`,
      `--prometheus-url=${settings.prometheusUrl}`,
      `--lister-kubeconfig=${settings.kubeconfig}`,
      `--cert-dir=${settings.certificates}`,
      '--bind-address=127.0.0.1',
      '--secure-port=0',
      // One relist, at the start: later queries belong to the cases.
      '--metrics-relist-interval=1h',
      '--metrics-max-age=1h',
      // Like the reference in the recordings.
      '--discovery=series',
      // Every case sends its own queries.
      '--query-max-age=0s',
      // The stand-in for Prometheus runs in the process of the tests, which is busy at times.
      '--prometheus-stall-timeout=0s',
      // There are no clients that need time to notice the shutdown.
      '--shutdown-delay-duration=0s',
    ],
    isReady: async (output) => {
      port ??= servingPort(output);
      if (port === undefined) return false;
      const answer = await sendRequest(port, { method: 'GET', path: '/readyz' });
      return answer.status === 200;
    },
  });
  return { ...running, port: port ?? 0 };
}

/**
 * Sends a request with its path exactly as recorded: nothing is decoded, joined or resolved.
 *
 * @param certificate that of the client; undefined: none.
 * @returns the answer without the queries, which only a proxy in front of Prometheus can see.
 * @throws Error without an answer, e.g. ECONNREFUSED.
 */
export async function sendRequest(
  port: number,
  { method, path, headers, body }: RecordedRequest,
  certificate?: KeyPair,
): Promise<Omit<Answer, 'queries'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Answer, 'queries'>>();
  const sent = request(
    {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { accept: 'application/json', ...lowerCaseNames(headers ?? {}) },
      // The adapter's certificate is self-signed.
      rejectUnauthorized: false,
      ...certificate,
    },
    (received) => {
      const contentType = received.headers['content-type'] ?? '';
      const status = received.statusCode ?? 0;
      buffer(received)
        .then((bytes) => ({ status, contentType, body: readBody(contentType, bytes) }))
        .then(resolve, reject);
    },
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

/** As data/README.md describes `body`. A HEAD request has an answer of type JSON without a body. */
function readBody(contentType: string, bytes: Buffer): unknown {
  if (contentType.startsWith('application/vnd.kubernetes.protobuf')) return null;
  const text = bytes.toString('utf8');
  if (!contentType.startsWith('application/json') || text === '') return text;
  const parsed: unknown = JSON.parse(text);
  return parsed;
}
