import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, onSomePort } from './free-port.ts';
import type { RunningProcess } from './process.ts';

/**
 * Starts a server with a new directory, which is removed when the server stops.
 *
 * @param name the prefix of the directory's name
 * @param port undefined: a free one
 * @param start gets the directory and the port of 127.0.0.1
 */
export async function startInDirectory<T extends RunningProcess>(
  name: string,
  port: number | undefined,
  start: (directory: string, port: number) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `${name}-`));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  try {
    const running =
      port === undefined
        ? await onSomePort(async () => start(directory, await freePort()))
        : await start(directory, port);
    return {
      ...running,
      stop: () => running.stop().finally(removeDirectory),
      kill: () => running.kill().finally(removeDirectory),
    };
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}
