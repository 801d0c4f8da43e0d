import { readFile } from 'node:fs/promises';
import { createCredentials } from '../../kubernetes/credentials/credentials.ts';
import { readKubeconfig } from '../../kubernetes/credentials/kubeconfig.ts';
import type { PrometheusIdentity } from '../../prometheus/client/options.ts';

/**
 * The credentials and the certificate authority of a kubeconfig, for `--prometheus-auth-config`. The address
 * of the cluster is ignored. Throws ClusterAccessError, or the error of a file that cannot be read.
 */
export async function kubeconfigIdentity(file: string): Promise<PrometheusIdentity> {
  const { cluster, user } = await readKubeconfig(file);
  const credentials = await createCredentials(() => readKubeconfig(file));
  const ca = await pem(cluster.caData, cluster.caFile);
  const clientCert = await pem(user.certData, user.certFile);
  const clientKey = await pem(user.keyData, user.keyFile);
  return {
    ...(ca && { ca }),
    ...(clientCert && { clientCert }),
    ...(clientKey && { clientKey }),
    ...(cluster.tlsServerName !== undefined && { serverName: cluster.tlsServerName }),
    insecureSkipVerify: cluster.skipTLSVerify,
    authorization: async () => (await credentials.current()).headers.Authorization,
  };
}

/** Data takes precedence over a file, as in client-go. */
async function pem(
  data: string | undefined,
  file: string | undefined,
): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, 'base64');
  return file === undefined ? undefined : readFile(file);
}
