import { once } from 'node:events';
import type { Server } from 'node:net';

/**
 * Has a server listen on the loopback interface.
 *
 * @param port by default one that is free
 * @returns the port
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}
