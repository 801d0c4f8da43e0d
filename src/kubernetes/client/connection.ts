import { createRateLimiter } from '../../async/rate-limiter.ts';
import type { ClusterAccess } from '../credentials/cluster-access.ts';
import { createCredentials } from '../credentials/credentials.ts';
import { readKubeconfig } from '../credentials/kubeconfig.ts';
import { readServiceAccount, SERVICE_ACCOUNT_DIRECTORY } from '../credentials/service-account.ts';
import { createKubernetesClient, type KubernetesClient } from './client.ts';

export interface KubernetesConnectionOptions {
  /** `--lister-kubeconfig`; if undefined or empty, the service account of the pod is used. */
  readonly kubeconfigFile: string | undefined;
  /** e.g. `prom-metrics-adapter/1.2.3`. */
  readonly userAgent: string;
  /** `--client-qps`: requests per second; no limit if undefined or not positive. */
  readonly qps?: number | undefined;
  /** `--client-burst`. */
  readonly burst?: number | undefined;
  /** For a whole request. */
  readonly timeoutMs?: number | undefined;
  /** The maximum size of a response, decompressed. */
  readonly maxAnswerBytes?: number | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly serviceAccountDirectory?: string | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * Creates a client from a kubeconfig or the service account. Sends no request yet.
 *
 * @throws {ClusterAccessError} if the kubeconfig is missing or invalid, or if there is none and this is not
 *   a pod
 */
export async function connectKubernetes(
  options: KubernetesConnectionOptions,
): Promise<KubernetesClient> {
  return createKubernetesClient({
    credentials: await createCredentials(() => readClusterAccess(options)),
    limiter: createRateLimiter({ qps: options.qps, burst: options.burst }),
    userAgent: options.userAgent,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxAnswerBytes: options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES,
  });
}

function readClusterAccess(options: KubernetesConnectionOptions): Promise<ClusterAccess> {
  const { kubeconfigFile = '' } = options;
  if (kubeconfigFile !== '') return readKubeconfig(kubeconfigFile);
  return readServiceAccount(
    options.environment ?? process.env,
    options.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY,
  );
}
