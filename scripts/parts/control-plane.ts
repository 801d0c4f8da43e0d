import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { runCommand } from './command.ts';
import {
  type ControlPlaneCertificates,
  makeControlPlaneCertificates,
  makeFrontProxyCertificates,
} from './control-plane-certificates.ts';
import { apiServerFlags, controllerManagerFlags } from './control-plane-flags.ts';
import { writeKubeconfig } from './control-plane-kubeconfig.ts';
import { type LoggedProcess, startLoggedProcess } from './control-plane-process.ts';
import { type RunningEtcd, startEtcd } from './etcd.ts';
import { freePort, onSomePort } from './free-port.ts';
import { ensureKubernetes, type KubernetesBinaries } from './kubernetes-binaries.ts';
import { type NodeLoop, startNodeLoop } from './node-loop.ts';

const FRONT_PROXY_NAME = 'front-proxy-client';
const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 2_000;
const TOKEN_LIFETIME_SECONDS = 6 * 3600;

export interface ControlPlaneSettings {
  /**
   * Also a kube-controller-manager and a stand-in for nodes: pods run, Deployments become ready,
   * HorizontalPodAutoscalers act, namespaces go away when deleted. Default: no.
   */
  readonly controllers?: boolean;
  /**
   * Which pods, once they are bound to a node, the stand-in for nodes tends; the others are the
   * caller's. Default: all.
   */
  readonly isTended?: (pod: V1Pod) => boolean;
  /** More flags of kube-apiserver and of kube-controller-manager; they win over those set here. */
  readonly apiServerFlags?: readonly string[];
  readonly controllerManagerFlags?: readonly string[];
}

/** A running kube-apiserver with its etcd, on the loopback interface. */
export interface ControlPlane {
  /** e.g. `https://127.0.0.1:41234`; stays the same over restarts. */
  readonly url: string;
  /** e.g. `1.20.2`, and its middle part, e.g. 20. */
  readonly version: string;
  readonly minor: number;
  /** A kubeconfig file of somebody who may do everything. */
  readonly kubeconfig: string;
  /** The authority of the API server's certificate, in PEM. */
  readonly caFile: string;
  /**
   * All certificates with their keys, as they were at the start: `ca` to issue certificates of users, `frontProxyCa` to issue
   * those of front proxies, `frontProxy` to act as the API server does.
   */
  readonly certificates: ControlPlaneCertificates;
  /** The common name of the API server's own front-proxy certificate, the only one allowed. */
  readonly frontProxyName: string;
  /** A directory for files of the tests, removed when the control plane stops. */
  readonly directory: string;
  readonly etcd: RunningEtcd;
  /**
   * From now on pods stay as they are: none begins to run, none goes away. For measurements, which
   * looking at all pods several times a second would disturb.
   */
  pauseNodes(): Promise<void>;
  /** All that the API server said so far, over restarts. */
  apiServerLog(): Promise<string>;
  /** All that the controllers said so far; empty where there are none. */
  controllerManagerLog(): Promise<string>;
  /** Ends the API server, as an upgrade of it does; etcd and the controllers go on. */
  stopApiServer(): Promise<void>;
  /** Starts it again, on the same port, and waits until it is ready. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /**
   * Gives the API server, as front proxy, another certificate by another authority, and restarts it.
   * What it publishes for servers of aggregated APIs then has both authorities.
   */
  rotateFrontProxy(): Promise<void>;
  /**
   * A token of a service account, good for 6 hours.
   *
   * @param namespace the service account must exist
   */
  createToken(namespace: string, serviceAccount: string): Promise<string>;
  /** Writes a kubeconfig with a token of a service account. @returns the file's path */
  serviceAccountKubeconfig(namespace: string, serviceAccount: string): Promise<string>;
  /** Ends all of it and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane and waits until it is ready for use. It ends with this process at the
 * latest. The programs come from `ensureKubernetes`, which may take minutes the first time.
 *
 * @throws Error with the end of the log of the program that did not become ready
 */
export async function startControlPlane(
  settings: ControlPlaneSettings = {},
): Promise<ControlPlane> {
  const binaries = await ensureKubernetes();
  const version = await versionOf(binaries.apiServer);
  const directory = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const cleanups: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) {
      await cleanup();
    }
  };
  try {
    const certificateDirectory = join(directory, 'certificates');
    const certificates = await makeControlPlaneCertificates(certificateDirectory, FRONT_PROXY_NAME);
    const etcd = await onSomePort(() => startEtcd(binaries.etcd));
    cleanups.push(() => etcd.kill());
    const place = { binaries, directory, certificates, etcd, settings, ...version };
    const apiServer = await startFirstApiServer(place);
    cleanups.push(() => apiServer.running.kill());
    const admin = await adminClient(directory, apiServer.url, certificates);
    await untilServed(() => authenticationConfig(admin.api));
    const controllers = settings.controllers ? await startControllers(place, admin) : undefined;
    cleanups.push(async () => controllers?.stop());
    return {
      ...version,
      url: apiServer.url,
      kubeconfig: admin.kubeconfig,
      caFile: certificates.ca.certFile,
      certificates,
      frontProxyName: FRONT_PROXY_NAME,
      directory,
      etcd,
      pauseNodes: async () => controllers?.pauseNodes(),
      apiServerLog: () => apiServer.running.log(),
      controllerManagerLog: async () => (await controllers?.log()) ?? '',
      stopApiServer: () => apiServer.running.stop(),
      startApiServer: () => apiServer.start(),
      restartApiServer: () => apiServer.restart(),
      rotateFrontProxy: async () => {
        await makeFrontProxyCertificates(certificateDirectory, FRONT_PROXY_NAME);
        await apiServer.restart();
      },
      createToken: (namespace, name) => createToken(admin.api, namespace, name),
      serviceAccountKubeconfig: async (namespace, name) => {
        const token = await createToken(admin.api, namespace, name);
        const file = join(directory, `${namespace}-${name}.kubeconfig`);
        await writeKubeconfig(file, apiServer.url, certificates.ca.cert, { token });
        return file;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Place {
  readonly binaries: KubernetesBinaries;
  readonly directory: string;
  readonly certificates: ControlPlaneCertificates;
  readonly etcd: RunningEtcd;
  readonly settings: ControlPlaneSettings;
  readonly minor: number;
}

interface Admin {
  readonly kubeconfig: string;
  readonly api: CoreV1Api;
}

async function versionOf(apiServer: string): Promise<{ version: string; minor: number }> {
  const said = await runCommand(apiServer, ['--version']);
  const [, version, minor] = /v(1\.(\d+)\.\d+\S*)/.exec(said) ?? [];
  if (version === undefined || minor === undefined) {
    throw new Error(`${apiServer}: expected a version of Kubernetes 1, it said: ${said.trim()}`);
  }
  return { version, minor: Number(minor) };
}

/** The API server: first on some free port, then again and again on that one. */
async function startFirstApiServer(place: Place) {
  let port = 0;
  let running = await onSomePort(async () => {
    port = await freePort();
    return startApiServer(place, port);
  });
  const start = async () => {
    running = await startApiServer(place, port);
  };
  return {
    url: `https://127.0.0.1:${port}`,
    get running() {
      return running;
    },
    start,
    async restart() {
      await running.stop();
      await start();
    },
  };
}

function startApiServer(place: Place, port: number): Promise<LoggedProcess> {
  const { binaries, directory, certificates, etcd, settings, minor } = place;
  const frontProxyName = FRONT_PROXY_NAME;
  return startLoggedProcess(join(directory, 'kube-apiserver.log'), {
    name: 'kube-apiserver',
    command: binaries.apiServer,
    args: [
      ...apiServerFlags({ minor, port, etcdUrl: etcd.url, frontProxyName, certificates }),
      ...(settings.apiServerFlags ?? []),
    ],
    cwd: directory,
    isReady: () => answersOk(`https://127.0.0.1:${port}/readyz`, certificates),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 2_000,
  });
}

function answersOk(url: string, { ca, admin }: ControlPlaneCertificates): Promise<boolean> {
  const options = { ca: ca.cert, cert: admin.cert, key: admin.key, agent: false };
  return new Promise((resolve, reject) => {
    const request = get(url, { ...options, timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
  });
}

async function adminClient(
  directory: string,
  url: string,
  { ca, admin }: ControlPlaneCertificates,
): Promise<Admin> {
  const kubeconfig = join(directory, 'admin.kubeconfig');
  await writeKubeconfig(kubeconfig, url, ca.cert, { certificate: admin });
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return { kubeconfig, api: config.makeApiClient(CoreV1Api) };
}

/** What the API server publishes for servers of aggregated APIs, a moment after it is ready. */
function authenticationConfig(api: CoreV1Api): Promise<unknown> {
  return api.readNamespacedConfigMap({
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication',
  });
}

async function startControllers(place: Place, { kubeconfig, api }: Admin) {
  const manager = await onSomePort(() => startControllerManager(place, kubeconfig));
  const nodes = await startNodes(api, place.settings.isTended).catch(async (error: unknown) => {
    await manager.kill();
    throw error;
  });
  return {
    log: () => manager.log(),
    pauseNodes: () => nodes.stop(),
    async stop() {
      await nodes.stop();
      await manager.kill();
    },
  };
}

async function startNodes(
  api: CoreV1Api,
  isTended: ControlPlaneSettings['isTended'],
): Promise<NodeLoop> {
  const nodes = await startNodeLoop(api, isTended);
  // Without it no pod is admitted.
  await untilServed(() =>
    api.readNamespacedServiceAccount({ namespace: 'default', name: 'default' }),
  );
  return nodes;
}

async function startControllerManager(place: Place, kubeconfig: string): Promise<LoggedProcess> {
  const { binaries, directory, certificates, settings, minor } = place;
  const port = await freePort();
  return startLoggedProcess(join(directory, 'kube-controller-manager.log'), {
    name: 'kube-controller-manager',
    command: binaries.controllerManager,
    args: [
      ...controllerManagerFlags({ minor, port, kubeconfig, certificates }),
      ...(settings.controllerManagerFlags ?? []),
    ],
    cwd: directory,
    isReady: () => answersOk(`https://127.0.0.1:${port}/healthz`, certificates),
    readyTimeoutMs: 60_000,
  });
}

async function createToken(api: CoreV1Api, namespace: string, name: string): Promise<string> {
  const { status } = await api.createNamespacedServiceAccountToken({
    namespace,
    name,
    // No audience: the API server's own.
    body: { spec: { audiences: [], expirationSeconds: TOKEN_LIFETIME_SECONDS } },
  });
  if (status?.token === undefined) {
    throw new Error(`the API server made no token for service account ${namespace}/${name}`);
  }
  return status.token;
}

async function untilServed(read: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      await read();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error('the control plane is up, but it is not complete after 60 s', {
          cause: error,
        });
      }
      await sleep(POLL_MS);
    }
  }
}
