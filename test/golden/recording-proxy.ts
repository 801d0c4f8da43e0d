import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';

/** One request to the Prometheus HTTP API. */
export interface PrometheusRequest {
  readonly method: string;
  /** e.g. `/api/v1/query`. */
  readonly path: string;
  /** Of the query string, then of a form in the body. */
  readonly parameters: URLSearchParams;
}

export interface RecordingProxy {
  readonly url: string;
  /** The requests since the last call, in the order in which they came. */
  takeRequests(): PrometheusRequest[];
  close(): Promise<void>;
}

/** Answers one recorded request. */
export type Upstream = (
  recorded: PrometheusRequest,
  received: IncomingMessage,
  body: string,
  response: ServerResponse,
) => void;

/** Listens on a free port of 127.0.0.1, writes down every request and has `upstream` answer it. */
export async function startRecorder(upstream: Upstream): Promise<RecordingProxy> {
  let recorded: PrometheusRequest[] = [];
  const server = createServer(async (received, response) => {
    const url = new URL(received.url ?? '/', 'http://prometheus');
    const body = await text(received);
    const parameters = url.searchParams;
    if (received.headers['content-type'] === 'application/x-www-form-urlencoded') {
      for (const [name, value] of new URLSearchParams(body)) parameters.append(name, value);
    }
    const entry = { method: received.method ?? 'GET', path: url.pathname, parameters };
    recorded.push(entry);
    upstream(entry, received, body, response);
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    takeRequests: () => {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Records the requests to another server, which answers them. */
export function startRecordingProxy(target: string): Promise<RecordingProxy> {
  return startRecorder((_recorded, received, body, response) => {
    const { connection: _connection, ...headers } = received.headers;
    const onward = request(
      new URL(received.url ?? '/', target),
      { method: received.method ?? 'GET', headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', (error) => response.writeHead(502).end(String(error)));
    onward.end(body);
  });
}
