import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { wideLimits } from '../../../test/fixtures/connections.ts';
import { trackConnections } from './connections.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that reads nothing, so that it gets no events of its clients. */
async function listen() {
  const server = createServer({ pauseOnConnect: true });
  servers.push(server.listen({ port: 0, host: '127.0.0.1' }));
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server, port };
}

/** Outside of the ephemeral port range, which the clients of other tests use. */
function unusualPort(): number {
  return 20_000 + Math.floor(Math.random() * 10_000);
}

function track() {
  return trackConnections(wideLimits, { onCount: () => undefined, onClosed: () => undefined });
}

it('distinguishes a connection from an earlier one of the same port that was reset', async () => {
  const { server, port } = await listen();
  const connections = track();
  const open = async (localPort: number): Promise<readonly [client: Socket, accepted: Socket]> => {
    const accepted = once(server, 'connection');
    const client = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1', localPort });
    await once(client, 'connect');
    const [socket]: Socket[] = await accepted;
    if (socket === undefined) throw new Error('no connection was accepted');
    return [client, socket];
  };
  const [first, earlier] = await open(unusualPort());
  connections.accept(earlier);
  const { localPort = 0 } = first;
  first.resetAndDestroy();
  await once(first, 'close');
  const [second, later] = await open(localPort);
  const connection = connections.accept(later);
  earlier.destroy();
  await once(earlier, 'close');
  expect(connections.of(later)).toBe(connection);
  second.destroy();
  later.destroy();
});

it('closes a connection that was reset before it was accepted', async () => {
  const { server, port } = await listen();
  const accepted = once(server, 'connection');
  const reset = `const s = require('net').connect(${port}, '127.0.0.1', () => s.resetAndDestroy())`;
  // In the meantime, nothing is accepted.
  execFileSync(process.execPath, ['-e', reset]);
  const [socket]: Socket[] = await accepted;
  expect(socket?.remoteAddress).toBeUndefined();
  expect(socket && track().accept(socket)).toBeUndefined();
  expect(socket?.destroyed).toBe(true);
});
