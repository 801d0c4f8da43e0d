import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { type RunningProcess, startProcess } from './process.ts';

export interface RunningEtcd extends RunningProcess {
  /** For `--etcd-servers`, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
}

/**
 * Starts an etcd of one member on the loopback interface, with its data in a directory of its own
 * that is removed when it stops. What is written is not synced to disk: it is for tests.
 *
 * @param program the path of etcd
 * @throws Error with the end of its log if it does not become ready
 */
export async function startEtcd(program: string): Promise<RunningEtcd> {
  const directory = await mkdtemp(join(tmpdir(), 'etcd-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  try {
    const url = `http://127.0.0.1:${await freePort()}`;
    const running = await start(program, directory, url, `http://127.0.0.1:${await freePort()}`);
    return {
      ...running,
      url,
      stop: () => running.stop().finally(removeDirectory),
      kill: () => running.kill().finally(removeDirectory),
    };
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}

function start(
  program: string,
  directory: string,
  url: string,
  peerUrl: string,
): Promise<RunningProcess> {
  return startProcess({
    name: 'etcd',
    command: program,
    args: [
      '--name=etcd',
      `--data-dir=${directory}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=etcd=${peerUrl}`,
      '--unsafe-no-fsync',
    ],
    isReady: async () => (await fetch(`${url}/health`)).ok,
  });
}
