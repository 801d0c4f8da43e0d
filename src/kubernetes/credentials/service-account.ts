import { access } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { type ClusterAccess, ClusterAccessError, tokenFileProvider } from './cluster-access.ts';

/** The mount path of the service account in a pod. */
export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Access to the API server with the service account of the pod
 * (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
 *
 * @throws {ClusterAccessError} if this is not a pod, or a pod without a service account
 */
export async function readServiceAccount(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<ClusterAccess> {
  const host = environment.KUBERNETES_SERVICE_HOST ?? '';
  const port = environment.KUBERNETES_SERVICE_PORT ?? '';
  if (host === '' || port === '') {
    throw notInCluster('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
  }
  const tokenFile = await readableFile(path.join(directory, 'token'));
  const caFile = await readableFile(path.join(directory, 'ca.crt'));
  return {
    source: 'the service account of this pod',
    cluster: {
      name: 'in-cluster',
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      caFile,
      caData: undefined,
      skipTLSVerify: false,
      tlsServerName: undefined,
      proxyUrl: undefined,
    },
    user: {
      name: 'service-account',
      certFile: undefined,
      certData: undefined,
      keyFile: undefined,
      keyData: undefined,
      token: undefined,
      username: undefined,
      password: undefined,
      impersonateUser: undefined,
      authProvider: tokenFileProvider(tokenFile),
      exec: undefined,
    },
  };
}

async function readableFile(file: string): Promise<string> {
  try {
    await access(file);
    return file;
  } catch {
    throw notInCluster(
      `${file} cannot be read (is automountServiceAccountToken false for this pod?)`,
    );
  }
}

function notInCluster(reason: string): ClusterAccessError {
  return new ClusterAccessError(
    `no --lister-kubeconfig and not in a cluster: ${reason}. ` +
      'Set --lister-kubeconfig to a kubeconfig file, or use --standalone to serve without a cluster',
  );
}
