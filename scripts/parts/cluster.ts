import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { ControlPlaneCertificates } from './control-plane-certificates.ts';
import { writeKubeconfig } from './control-plane-kubeconfig.ts';

const TOKEN_LIFETIME_SECONDS = 6 * 3600;

/** How to reach a control plane from any process of this machine: plain data. */
export interface ClusterAddress {
  /** e.g. `https://127.0.0.1:41234`; the same after restarts. */
  readonly url: string;
  /** e.g. `1.20.2`, and its middle part, e.g. 20. */
  readonly version: string;
  readonly minor: number;
  /** A kubeconfig file of a user with all permissions. */
  readonly kubeconfig: string;
  /** The file with the CA of the API server's certificate. */
  readonly caFile: string;
  /**
   * All certificates with their keys, as at the start: `ca` issues certificates of users,
   * `frontProxyCa` those of front proxies, and `frontProxy` is the client certificate of the API
   * server itself.
   */
  readonly certificates: ControlPlaneCertificates;
  /** The common name of the API server's own front-proxy certificate, the only one allowed. */
  readonly frontProxyName: string;
  /** The log of the API server, over restarts. */
  readonly apiServerLogFile: string;
}

/** A control plane as its users see it. */
export interface Cluster extends ClusterAddress {
  /** A directory for files of the user, removed when the control plane stops. */
  readonly directory: string;
  /** All output of the API server so far, over restarts. */
  apiServerLog(): Promise<string>;
  /**
   * A token of a service account, valid for 6 hours.
   *
   * @param namespace the service account must exist
   */
  createToken(namespace: string, serviceAccount: string): Promise<string>;
  /** Writes a kubeconfig with a token of a service account. @returns the file's path */
  serviceAccountKubeconfig(namespace: string, serviceAccount: string): Promise<string>;
}

/** @param parent gets a new directory, for files of this user only */
export async function openCluster(address: ClusterAddress, parent: string): Promise<Cluster> {
  const directory = await mkdtemp(join(parent, 'cluster-user-'));
  const config = new KubeConfig();
  config.loadFromFile(address.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  return {
    ...address,
    directory,
    apiServerLog: () => readFile(address.apiServerLogFile, 'utf8'),
    createToken: (namespace, name) => createToken(api, namespace, name),
    serviceAccountKubeconfig: async (namespace, name) => {
      const token = await createToken(api, namespace, name);
      const file = join(directory, `${namespace}-${name}.kubeconfig`);
      await writeKubeconfig(file, address.url, address.certificates.ca.cert, { token });
      return file;
    },
  };
}

async function createToken(api: CoreV1Api, namespace: string, name: string): Promise<string> {
  const { status } = await api.createNamespacedServiceAccountToken({
    namespace,
    name,
    // No audience: that of the API server.
    body: { spec: { audiences: [], expirationSeconds: TOKEN_LIFETIME_SECONDS } },
  });
  if (status?.token === undefined) {
    throw new Error(`the API server returned no token for service account ${namespace}/${name}`);
  }
  return status.token;
}
