import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from '../../scripts/parts/control-plane.ts';
import {
  type LoggedProcess,
  startLoggedProcess,
} from '../../scripts/parts/control-plane-process.ts';
import { askAdapter } from './adapter.ts';
import type { Kubectl } from './kubectl.ts';

const program = join(import.meta.dirname, '../../src/main.ts');

/** What the pod is called where there is one only. */
const ADAPTER = 'adapter';

/** A release of the chart in a cluster. */
export interface Release {
  readonly namespace: string;
  /** The name of its Deployment, Service, ConfigMap and service account. */
  readonly name: string;
  /** What the values say for listenPort and service.port. */
  readonly port: number;
}

/** What the pods of a release need of their own on a machine that they share. */
export interface PodSettings {
  /** Of its log file, without the ending, and of the directory that stands for its file system. */
  readonly name: string;
  readonly port: number;
  /** Which endpoint has to say that all is well before it counts as started. */
  readonly until: '/livez' | '/readyz';
  /** What Kubernetes calls terminationGracePeriodSeconds, in milliseconds. */
  readonly stopTimeoutMs?: number;
}

/**
 * Starts the adapter as the pods of a release would be started: with the arguments of the
 * Deployment, the files of its volumes and its service account, and with nothing else. What a pod
 * has at a path is found in a directory here.
 */
export async function startReleasedAdapter(
  plane: ControlPlane,
  kubectl: Kubectl,
  release: Release,
  settings: PodSettings = { name: ADAPTER, port: release.port, until: '/readyz' },
): Promise<LoggedProcess> {
  const pod = podDirectory(plane, settings.name);
  await writeMounts(kubectl, release, pod);
  const account = await kubectl.field(
    'deployment',
    release.name,
    '{.spec.template.spec.serviceAccountName}',
    release.namespace,
  );
  const kubeconfig = await plane.serviceAccountKubeconfig(release.namespace, account);
  const args: unknown = JSON.parse(
    await kubectl.field(
      'deployment',
      release.name,
      '{.spec.template.spec.containers[0].args}',
      release.namespace,
    ),
  );
  if (!Array.isArray(args)) throw new Error('expected the Deployment to have arguments');
  return startLoggedProcess(join(plane.directory, `${settings.name}.log`), {
    name: 'prom-metrics-adapter',
    command: process.execPath,
    args: [
      program,
      ...args.map((arg) => String(arg).replace(/=(?=\/(etc|var|tmp)\/)/, `=${pod}`)),
      // In a pod they are found where Kubernetes puts them.
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

/** Writes the rules and the certificate of a release to where its pods would have them mounted. */
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

/** Brings the mounted rules up to date with the ConfigMap, as the kubelet does after a while. */
export function updateMountedRules(
  plane: ControlPlane,
  kubectl: Kubectl,
  release: Release,
): Promise<void> {
  return writeRules(kubectl, release, podDirectory(plane, ADAPTER));
}

/** What a pod of that name has at a path such as /etc is found at that path in here. */
function podDirectory(plane: ControlPlane, name: string): string {
  return join(plane.directory, 'pods', name);
}
