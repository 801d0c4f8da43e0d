import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where an address of the cluster (`10.1.0.1`, 443) leads to on this machine: a port, or nowhere. */
export type Route = (host: string, port: number) => number | undefined;

/** The addresses of pods and Services, for an API server on a machine that has none of them. */
export interface ClusterNetwork {
  /** The flags of the API server that make it reach the cluster through here. */
  readonly apiServerFlags: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts the proxy for the API server's connections into the cluster: HTTP CONNECT with an egress
 * selector, the way in which API servers outside of the pods' network reach them.
 *
 * @param route called for every connection; undefined rejects it
 */
export async function startClusterNetwork(route: Route): Promise<ClusterNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'network-'));
  const udsName = join(directory, 'connect.sock');
  const flagFile = join(directory, 'egress.json');
  await writeFile(flagFile, JSON.stringify(egressSelector(udsName)));
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => track(sockets, socket));
  server.on('connect', ({ url = '' }, client: Socket) => {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(url) ?? [];
    const target = route(host, Number(port));
    if (target === undefined) client.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
    else tunnel(client, target, sockets);
  });
  server.listen(udsName);
  await once(server, 'listening');
  return {
    apiServerFlags: [`--egress-selector-config-file=${flagFile}`],
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function egressSelector(udsName: string): object {
  const transport = { uds: { udsName } };
  return {
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [
      { name: 'cluster', connection: { proxyProtocol: 'HTTPConnect', transport } },
    ],
  };
}

/** Forwards bytes to a port of this machine and back until either side ends. */
function tunnel(client: Socket, port: number, sockets: Set<Socket>): void {
  const server = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(server).pipe(client);
  });
  track(sockets, server);
  server.on('close', () => client.destroySoon());
  client.on('close', () => server.destroySoon());
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  // The close event follows.
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
}
