import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { listenOnLoopback } from './listen.ts';

/** Below the ports that systems give to outgoing connections. */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 32_000;

/**
 * A TCP port of the loopback interface that is free at this moment. Another process may bind it before
 * the caller does: see {@link onSomePort}.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await onSomePort(() =>
    listenOnLoopback(server, randomInt(LOWEST_PORT, HIGHEST_PORT + 1)),
  );
  server.close();
  await once(server, 'close');
  return port;
}

const ATTEMPTS_TO_BIND = 5;

/**
 * Starts a server on a free port. If another process binds the port first, it tries another one.
 *
 * @param start gets a {@link freePort} and starts a server on it
 * @throws the error of `start`, if it is another one or has occurred too often
 */
export async function onSomePort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === ATTEMPTS_TO_BIND || !String(error).includes('address already in use')) {
        throw error;
      }
    }
  }
}
