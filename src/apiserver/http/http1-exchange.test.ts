import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { trackServer } from '../../../test/fixtures/connections.ts';
import { Http1Exchange } from './http1-exchange.ts';

const server = createServer();
const connections = trackServer(server);
afterEach(() => {
  server.removeAllListeners('request');
  server.closeAllConnections();
  server.close();
});

/** Sends this to a client that has not read any of it yet. */
async function send(body: Buffer): Promise<{ sender: ServerResponse; receiver: IncomingMessage }> {
  const sender = new Promise<ServerResponse>((resolve) =>
    server.on('request', (request, response) => {
      const connection = connections.of(request.socket);
      const exchange = new Http1Exchange(request, response, connection);
      exchange.send(200, { 'Content-Length': body.length }, [body]);
      resolve(response);
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const receiver = new Promise<IncomingMessage>((resolve, reject) =>
    get({ host: '127.0.0.1', port, agent: false }, resolve).on('error', reject),
  );
  return { sender: await sender, receiver: await receiver };
}

it('buffers only as much of a large response as the client can receive', async () => {
  // More than the buffers of the system hold.
  const body = Buffer.alloc(32 * 1024 * 1024, 'abcdefg');
  const { sender, receiver } = await send(body);
  expect(sender.writableFinished).toBe(false);
  expect(sender.socket?.writableLength).toBeLessThan(256 * 1024);
  expect((await buffer(receiver)).equals(body)).toBe(true);
});
