import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import {
  type CertificateAndKey,
  createAuthority,
  issueServerCertificate,
  writeCertificate,
} from '../../scripts/parts/control-plane-certificates.ts';
import {
  type LoggedProcess,
  startLoggedProcess,
} from '../../scripts/parts/control-plane-process.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { apiManifests, apiPaths, apiServiceNames, identityManifests } from './adapter-manifests.ts';
import { type Kubectl, namespaceManifest } from './kubectl.ts';

const FORWARDING_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
const PROGRAM = join(import.meta.dirname, '../../src/main.ts');

export interface AdapterSettings {
  /** Path of the rules file; it may be rewritten while the adapter runs. */
  readonly rulesFile: string;
  readonly prometheusUrl: string;
  /** A kubeconfig of the adapter's service account. */
  readonly kubeconfig: string;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Gets the output of the adapter. */
  readonly logFile: string;
  /** More flags; those set here follow them. */
  readonly flags?: readonly string[];
}

/** Starts the adapter from its sources as a separate process and waits until it is ready. */
export function startAdapter(settings: AdapterSettings): Promise<LoggedProcess> {
  return startLoggedProcess(settings.logFile, {
    name: 'prom-metrics-adapter',
    command: process.execPath,
    args: [
      PROGRAM,
      '--metrics-relist-interval=2s',
      '--metrics-max-age=1m',
      '-v=4',
      ...(settings.flags ?? []),
      `--config=${settings.rulesFile}`,
      `--prometheus-url=${settings.prometheusUrl}`,
      `--lister-kubeconfig=${settings.kubeconfig}`,
      `--authentication-kubeconfig=${settings.kubeconfig}`,
      `--authorization-kubeconfig=${settings.kubeconfig}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${settings.port}`,
      `--tls-cert-file=${settings.certFile}`,
      `--tls-private-key-file=${settings.keyFile}`,
    ],
    isReady: async () => (await askAdapter(settings.port, '/readyz')).status === 200,
  });
}

export interface AdapterAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends a request to an adapter directly, not through the API server.
 *
 * @param credentials headers and a client certificate, if any
 * @throws Error without an answer, e.g. ECONNREFUSED
 */
export function askAdapter(
  port: number,
  path: string,
  credentials: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly certificate?: CertificateAndKey;
  } = {},
): Promise<AdapterAnswer> {
  const { headers = {}, certificate } = credentials;
  const { promise, resolve, reject } = Promise.withResolvers<AdapterAnswer>();
  const request = get(
    {
      host: '127.0.0.1',
      port,
      path,
      headers,
      agent: false,
      timeout: 10_000,
      // Tests of this function are about the adapter's clients, not about its certificate.
      rejectUnauthorized: false,
      ...(certificate && { cert: certificate.cert, key: certificate.key }),
    },
    (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    },
  );
  request.on('timeout', () => request.destroy(new Error(`no answer to ${path} within 10 s`)));
  request.on('error', reject);
  return promise;
}

/** An adapter that is installed in a cluster. */
export interface InstalledAdapter {
  /** It may be rewritten. */
  readonly rulesFile: string;
  readonly namespace: string;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Signs serving certificates that the API server trusts. */
  readonly authority: CertificateAndKey;
  /** All its output so far, over restarts. */
  log(): Promise<string>;
  /** False once it has exited, for any reason. */
  isRunning(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and deletes its objects, except for the namespace. */
  uninstall(): Promise<void>;
}

export interface InstallSettings {
  readonly rulesFile: string;
  readonly prometheusUrl: string;
  readonly flags?: readonly string[];
}

const NAMESPACE = 'monitoring';
const NAME = 'prom-metrics-adapter';

/**
 * Installs the adapter in a cluster: its objects, and a process on this machine that has only the
 * token of its service account.
 *
 * @returns when the API server reports its three APIs as available
 */
export async function installAdapter(
  cluster: Cluster,
  kubectl: Kubectl,
  settings: InstallSettings,
): Promise<InstalledAdapter> {
  const authority = await createAuthority('adapter-ca');
  const certificate = await issueServerCertificate(authority, [`${NAME}.${NAMESPACE}.svc`]);
  const { certFile, keyFile } = await writeCertificate(cluster.directory, 'adapter', certificate);
  const port = await freePort();
  const identity = { namespace: NAMESPACE, name: NAME };
  const objects = identityManifests(identity);
  await kubectl.apply(namespaceManifest(NAMESPACE), ...objects);
  const kubeconfig = await cluster.serviceAccountKubeconfig(NAMESPACE, NAME);
  const logFile = join(cluster.directory, 'adapter.log');
  const start = () => startAdapter({ ...settings, kubeconfig, port, certFile, keyFile, logFile });

  let running = await start();
  const apis = apiManifests({ ...identity, port, caCertificate: authority.cert });
  await kubectl.apply(...apis);
  await untilAvailable(kubectl);
  return {
    rulesFile: settings.rulesFile,
    namespace: NAMESPACE,
    port,
    certFile,
    keyFile,
    authority,
    log: () => running.log(),
    isRunning: () => running.isRunning(),
    async start() {
      running = await start();
    },
    stop: () => running.stop(),
    async uninstall() {
      await kubectl.delete(...apis, ...objects);
      await running.stop();
    },
  };
}

/**
 * Waits until the API server reports all three APIs as available and forwards requests for them: it
 * can answer 404 and 503 for some time after the report.
 */
export async function untilAvailable(kubectl: Kubectl): Promise<void> {
  await kubectl.run(
    'wait',
    '--for=condition=Available',
    '--timeout=60s',
    ...apiServiceNames.map((name) => `apiservice/${name}`),
  );
  await Promise.all(apiPaths.map((path) => untilAnswered(kubectl, path)));
}

async function untilAnswered(kubectl: Kubectl, path: string): Promise<void> {
  const deadline = performance.now() + FORWARDING_TIMEOUT_MS;
  for (;;) {
    try {
      await kubectl.raw(path);
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw error;
      }
      await sleep(POLL_MS);
    }
  }
}
