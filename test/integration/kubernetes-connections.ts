import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { connectKubernetes } from '../../src/kubernetes/client/connection.ts';
import {
  type Handler,
  type KubernetesServer,
  kubeconfigText,
  startKubernetesServer,
} from './kubernetes-server.ts';

/** What a test has to do with the Kubernetes API; all of it ends with the test. */
export interface KubernetesConnections {
  /** The test's own folder. */
  directory(): string;
  /** Closes this, too, after the test: what was opened last comes first. */
  closeAfterwards(opened: { close(): unknown }): void;
  /** What has been closed within the test is not closed again. */
  forget(closed: { close(): unknown }): void;
  /** Starts a stand-in for the API server. */
  serve(handler: Handler, port?: number): Promise<KubernetesServer>;
  /** Connects to a server by a kubeconfig. */
  connect(server: string, timeoutMs?: number): Promise<KubernetesClient>;
}

/** Sets up connections for each test of a file. */
export function kubernetesConnections(): KubernetesConnections {
  let directory: string;
  let open: { close(): unknown }[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'kubernetes-'));
  });
  afterEach(async () => {
    for (const each of open.reverse()) await each.close();
    open = [];
    await rm(directory, { recursive: true });
  });

  return {
    directory: () => directory,
    closeAfterwards: (opened) => void open.push(opened),
    forget(closed) {
      open = open.filter((each) => each !== closed);
    },
    async serve(handler, port = 0) {
      const server = await startKubernetesServer({ handler, port });
      open.push(server);
      return server;
    },
    async connect(server, timeoutMs = 5_000) {
      const kubeconfigFile = path.join(directory, 'config');
      await writeFile(kubeconfigFile, kubeconfigText({ cluster: { server } }));
      const client = await connectKubernetes({ kubeconfigFile, userAgent: 'test', timeoutMs });
      open.push(client);
      return client;
    },
  };
}
