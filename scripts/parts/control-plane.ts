import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { type Cluster, type ClusterAddress, openCluster } from './cluster.ts';
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
const API_SERVER_LOG = 'kube-apiserver.log';
const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 2_000;

export interface ControlPlaneSettings {
  /**
   * Also run a kube-controller-manager and a stand-in for nodes: pods run, Deployments become ready,
   * HorizontalPodAutoscalers scale, deleted namespaces are removed. Default: no.
   */
  readonly controllers?: boolean;
  /**
   * Which pods, once they are bound to a node, the stand-in for nodes runs; the caller runs the
   * others. Default: all.
   */
  readonly isManaged?: (pod: V1Pod) => boolean;
  /** More flags of kube-apiserver and of kube-controller-manager; they override those set here. */
  readonly apiServerFlags?: readonly string[];
  readonly controllerManagerFlags?: readonly string[];
}

/** A running kube-apiserver with its etcd, on the loopback interface, and control of its processes. */
export interface ControlPlane extends Cluster {
  /** What other processes need to use it. */
  readonly address: ClusterAddress;
  readonly etcd: RunningEtcd;
  /**
   * From now on the state of pods does not change: none starts, none is removed. For measurements,
   * which a list of all pods several times a second would distort.
   */
  pauseNodes(): Promise<void>;
  /** All output of the controllers so far; empty if there are none. */
  controllerManagerLog(): Promise<string>;
  /** Stops the API server, as its upgrade does; etcd and the controllers keep running. */
  stopApiServer(): Promise<void>;
  /** Starts it again, on the same port, and waits until it is ready. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /**
   * Gives the API server, as front proxy, a new certificate of a new CA, and restarts it. What it
   * publishes for servers of aggregated APIs then has both CAs.
   */
  rotateFrontProxy(): Promise<void>;
  /** Stops all processes and removes all files. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane and waits until it is ready. It stops with this process at the latest. The
 * programs come from `ensureKubernetes`, which may take minutes the first time.
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
    const etcd = await startEtcd(binaries.etcd);
    cleanups.push(() => etcd.kill());
    const place = { binaries, directory, certificates, etcd, settings, ...version };
    const apiServer = await startFirstApiServer(place);
    cleanups.push(() => apiServer.running.kill());
    const admin = await adminClient(directory, apiServer.url, certificates);
    await untilServed(() => authenticationConfig(admin.api));
    const controllers = settings.controllers ? await startControllers(place, admin) : undefined;
    cleanups.push(async () => controllers?.stop());
    const address: ClusterAddress = {
      ...version,
      url: apiServer.url,
      kubeconfig: admin.kubeconfig,
      caFile: certificates.ca.certFile,
      certificates,
      frontProxyName: FRONT_PROXY_NAME,
      apiServerLogFile: join(directory, API_SERVER_LOG),
    };
    return {
      ...(await openCluster(address, directory)),
      address,
      etcd,
      pauseNodes: async () => controllers?.pauseNodes(),
      controllerManagerLog: async () => (await controllers?.log()) ?? '',
      stopApiServer: () => apiServer.running.stop(),
      startApiServer: () => apiServer.start(),
      restartApiServer: () => apiServer.restart(),
      rotateFrontProxy: async () => {
        await makeFrontProxyCertificates(certificateDirectory, FRONT_PROXY_NAME);
        await apiServer.restart();
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
  const output = await runCommand(apiServer, ['--version']);
  const [, version, minor] = /v(1\.(\d+)\.\d+\S*)/.exec(output) ?? [];
  if (version === undefined || minor === undefined) {
    throw new Error(
      `${apiServer}: expected the version of a Kubernetes 1, found: ${output.trim()}`,
    );
  }
  return { version, minor: Number(minor) };
}

/** The API server: first on any free port, after restarts on the same one. */
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
  return startLoggedProcess(join(directory, API_SERVER_LOG), {
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

/** The configuration that the API server publishes for extension API servers, shortly after it is ready. */
function authenticationConfig(api: CoreV1Api): Promise<unknown> {
  return api.readNamespacedConfigMap({
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication',
  });
}

async function startControllers(place: Place, { kubeconfig, api }: Admin) {
  const manager = await onSomePort(() => startControllerManager(place, kubeconfig));
  const nodes = await startNodes(api, place.settings.isManaged).catch(async (error: unknown) => {
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
  isManaged: ControlPlaneSettings['isManaged'],
): Promise<NodeLoop> {
  const nodes = await startNodeLoop(api, isManaged);
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

async function untilServed(read: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      await read();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error('the control plane runs, but is not complete after 60 s', {
          cause: error,
        });
      }
      await sleep(POLL_MS);
    }
  }
}
