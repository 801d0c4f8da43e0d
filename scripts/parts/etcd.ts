import { freePort } from './free-port.ts';
import { type RunningProcess, startProcess } from './process.ts';
import { startInDirectory } from './server-process.ts';

export interface RunningEtcd extends RunningProcess {
  /** For `--etcd-servers`, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
}

/**
 * Starts an etcd with one member on the loopback interface. Its data is removed when it stops. Writes
 * are not synced to disk: it is for tests.
 *
 * @param program the path of etcd
 * @throws Error with the end of its log if it does not become ready
 */
export function startEtcd(program: string): Promise<RunningEtcd> {
  return startInDirectory('etcd', undefined, async (directory, port) => {
    const url = `http://127.0.0.1:${port}`;
    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    return { ...(await start(program, directory, url, peerUrl)), url };
  });
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
