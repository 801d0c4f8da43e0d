import { createServer } from 'node:http';
import { Counter, Registry } from 'prom-client';
import { listenOnLoopback } from '../parts/listen.ts';

/** A web server that counts the requests it answers, as an nginx with its exporter does. */
export interface WebApp {
  /** `host:port`, to be scraped at `/metrics`. */
  readonly address: string;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a web app on a free port of the loopback interface. */
export async function startWebApp(): Promise<WebApp> {
  const registry = new Registry();
  const requests = new Counter({
    name: 'nginx_http_requests_total',
    help: 'Requests answered',
    registers: [registry],
  });
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      registry.metrics().then((body) => {
        response.setHeader('Content-Type', registry.contentType).end(body);
      });
      return;
    }
    requests.inc();
    response.end('hello\n');
  });
  const address = `127.0.0.1:${await listenOnLoopback(server)}`;
  return {
    address,
    url: `http://${address}/`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
