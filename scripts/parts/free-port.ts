import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { listenOnLoopback } from './listen.ts';

/** Below those that systems give to connections, which come and go all the time. */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 32_000;

/**
 * A TCP port of the loopback interface that nobody listens on at this moment. Another process may
 * take it before its receiver does: whoever starts a server on it must be ready to ask again.
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
 * A free port can be taken by another before its receiver has it; then the next one is tried.
 *
 * @param start takes a {@link freePort} and starts a server on it
 * @throws what `start` does, where it is something else or has happened too often
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
