import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import {
  type LoggedProcess,
  startLoggedProcess,
} from '../../scripts/parts/control-plane-process.ts';
import { askAdapter } from './adapter.ts';
import type { Kubectl } from './kubectl.ts';

const program = join(import.meta.dirname, '../../src/main.ts');

/** The name of the pod if there is only one. */
const ADAPTER = 'adapter';

/** A release of the chart in a cluster. */
export interface Release {
  readonly namespace: string;
  /** The name of its Deployment, Service, ConfigMap and service account. */
  readonly name: string;
  /** The values listenPort and service.port. */
  readonly port: number;
}

/** The settings that differ between the pods of a release on one machine. */
export interface PodSettings {
  /** Names its log file and the directory that holds its file system. */
  readonly name: string;
  readonly port: number;
  /** The endpoint that has to answer 200 before the pod counts as started. */
  readonly until: '/livez' | '/readyz';
  /** terminationGracePeriodSeconds, in milliseconds. */
  readonly stopTimeoutMs?: number;
}

/**
 * Starts the adapter as a kubelet starts the pods of a release: with the arguments of the Deployment,
 * the files of its volumes and its service account, and nothing else. A directory on this machine
 * stands for the file system of the pod.
 */
export async function startReleasedAdapter(
  cluster: Cluster,
  kubectl: Kubectl,
  release: Release,
  settings: PodSettings = { name: ADAPTER, port: release.port, until: '/readyz' },
): Promise<LoggedProcess> {
  const pod = podDirectory(cluster, settings.name);
  await writeMounts(kubectl, release, pod);
  const account = await kubectl.field(
    'deployment',
    release.name,
    '{.spec.template.spec.serviceAccountName}',
    release.namespace,
  );
  const kubeconfig = await cluster.serviceAccountKubeconfig(release.namespace, account);
  const args: unknown = JSON.parse(
    await kubectl.field(
      'deployment',
      release.name,
      '{.spec.template.spec.containers[0].args}',
      release.namespace,
    ),
  );
  if (!Array.isArray(args)) throw new Error('expected the Deployment to have arguments');
  return startLoggedProcess(join(cluster.directory, `${settings.name}.log`), {
    name: 'prom-metrics-adapter',
    command: process.execPath,
    args: [
      program,
      ...args.map((arg) => String(arg).replace(/=(?=\/(etc|var|tmp)\/)/, `=${pod}`)),
      // In a pod they come from the mounted service account.
      ...['lister', 'authentication', 'authorization'].map(
        (use) => `--${use}-kubeconfig=${kubeconfig}`,
      ),
      '--bind-address=127.0.0.1',
      `--secure-port=${settings.port}`,
    ],
    isReady: async () => (await askAdapter(settings.port, settings.until)).status === 200,
    readyTimeoutMs: 90_000,
    ...(settings.stopTimeoutMs !== undefined && { stopTimeoutMs: settings.stopTimeoutMs }),
  });
}

/** Writes the rules and the certificate of a release where its pods mount them. */
async function writeMounts(kubectl: Kubectl, release: Release, pod: string): Promise<void> {
  await writeRules(kubectl, release, pod);
  const directory = join(pod, 'var/run/serving-cert');
  await mkdir(directory, { recursive: true });
  for (const key of ['tls.crt', 'tls.key']) {
    const path = `{.data.${key.replace('.', '\\.')}}`;
    const encoded = await kubectl.field('secret', release.name, path, release.namespace);
    await writeFile(join(directory, key), Buffer.from(encoded, 'base64'));
  }
}

async function writeRules(kubectl: Kubectl, release: Release, pod: string): Promise<void> {
  const path = '{.data.config\\.yaml}';
  const rules = await kubectl.field('configmap', release.name, path, release.namespace);
  await mkdir(join(pod, 'etc/adapter'), { recursive: true });
  await writeFile(join(pod, 'etc/adapter/config.yaml'), `${rules}\n`);
}

/** Updates the mounted rules from the ConfigMap, as the kubelet does after some time. */
export function updateMountedRules(
  cluster: Cluster,
  kubectl: Kubectl,
  release: Release,
): Promise<void> {
  return writeRules(kubectl, release, podDirectory(cluster, ADAPTER));
}

/** The directory that stands for the file system of the pod of that name. */
function podDirectory(cluster: Cluster, name: string): string {
  return join(cluster.directory, 'pods', name);
}
