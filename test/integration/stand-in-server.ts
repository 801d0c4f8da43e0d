import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';

export interface StandIn {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** An HTTP server on the loopback interface, for answers that the real server does not give. */
export async function startStandIn(answer: RequestListener): Promise<StandIn> {
  const server = createServer(answer);
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The parameters of a request, from its URL and its form. */
export async function parametersOf(request: IncomingMessage): Promise<URLSearchParams> {
  const { searchParams } = new URL(request.url ?? '', 'http://stand-in');
  return new URLSearchParams([...searchParams, ...new URLSearchParams(await text(request))]);
}
