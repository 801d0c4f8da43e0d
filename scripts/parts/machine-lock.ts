import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ending } from './children.ts';

const POLL_MS = 100;

/**
 * Runs work that only one process of this machine may do at a time. The lock is a socket in Linux's
 * abstract namespace: the kernel releases it when the process that holds it exits, so no stale lock
 * can remain. On other systems there is no lock.
 *
 * @param name of the lock, at most 90 bytes
 * @param work its errors are rethrown
 */
export async function withMachineLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') {
    return work();
  }
  const release = await acquire(`\0prom-metrics-adapter/${name}`);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(path: string): Promise<() => Promise<void>> {
  for (;;) {
    const release = await tryToAcquire(path);
    if (release !== undefined) {
      return release;
    }
    await sleep(POLL_MS, undefined, { signal: ending });
  }
}

function tryToAcquire(path: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ path }, () =>
      resolve(() => new Promise((closed) => server.close(() => closed()))),
    );
  });
}
