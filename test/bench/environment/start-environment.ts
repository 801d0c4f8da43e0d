import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from '../../../scripts/parts/control-plane.ts';
import {
  createAuthority,
  issueServerCertificate,
  writeCertificate,
} from '../../../scripts/parts/control-plane-certificates.ts';
import { startPrometheus } from '../../../scripts/parts/prometheus.ts';
import { identityManifests } from '../../e2e/adapter-manifests.ts';
import { createKubectl, type Kubectl, namespaceManifest } from '../../e2e/kubectl.ts';
import { type Series, startWorkload } from '../../e2e/workload.ts';
import { prepareAudit } from '../measure/apiserver-load.ts';
import type { OnEnd } from '../run-bench.ts';
import type { BenchEnvironment } from './bench-environment.ts';

/** The name of the adapter in the cluster. */
export const IDENTITY = { namespace: 'monitoring', name: 'prom-metrics-adapter' };

export const AUTOSCALER = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';

/** What an autoscaler's request has when the API server hands it on. */
const AUTOSCALER_HEADERS = {
  'X-Remote-User': AUTOSCALER,
  'X-Remote-Group': 'system:serviceaccounts',
  Accept: 'application/vnd.kubernetes.protobuf, */*',
  'Accept-Encoding': 'gzip',
};

const SCRAPE_SECONDS = 5;
const SCRAPED_TIMEOUT_MS = 60_000;

export interface EnvironmentSettings {
  /** The adapter's rules, as text. */
  readonly rules: string;
  /** The series that Prometheus scrapes; absent: nothing is scraped. */
  readonly series?: () => readonly Series[];
  /** The database that Prometheus starts with, kept when it ends; absent: an empty one. */
  readonly dataDir?: string;
  readonly paths: readonly string[];
  /** Puts objects into the cluster, before anything is scraped. */
  readonly populate?: (plane: ControlPlane, kubectl: Kubectl) => Promise<void>;
  /** Absent: there are no controllers. */
  readonly controllerManagerFlags?: readonly string[];
}

export interface StartedEnvironment extends BenchEnvironment {
  readonly plane: ControlPlane;
  readonly kubectl: Kubectl;
}

/** Starts a control plane and a Prometheus for an adapter, which is not started. */
export async function startEnvironment(
  settings: EnvironmentSettings,
  onEnd: OnEnd,
): Promise<StartedEnvironment> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  onEnd(() => rm(directory, { recursive: true, force: true }));
  const adapterUser = `system:serviceaccount:${IDENTITY.namespace}:${IDENTITY.name}`;
  const audit = await prepareAudit(directory, [adapterUser, AUTOSCALER]);
  const plane = await startControlPlane({
    controllers: settings.controllerManagerFlags !== undefined,
    apiServerFlags: audit.flags,
    controllerManagerFlags: settings.controllerManagerFlags ?? [],
  });
  onEnd(() => plane.stop());
  const kubectl = await createKubectl(plane.kubeconfig, directory);
  await kubectl.apply(namespaceManifest(IDENTITY.namespace), ...identityManifests(IDENTITY));
  await settings.populate?.(plane, kubectl);
  const prometheus = await startScraping(settings, onEnd);
  const rulesFile = join(directory, 'rules.yaml');
  await writeFile(rulesFile, settings.rules);
  const pathsFile = join(directory, 'paths.txt');
  await writeFile(pathsFile, settings.paths.map((path) => `${path}\n`).join(''));
  const { frontProxy } = plane.certificates;
  return {
    plane,
    kubectl,
    directory,
    kubeconfig: plane.kubeconfig,
    adapterKubeconfig: await createAdapterKubeconfig(plane),
    adapterUser,
    auditLog: audit.logFile,
    kubernetes: plane.version,
    prometheusUrl: prometheus.url,
    prometheusPid: prometheus.pid,
    rulesFile,
    pathsFile,
    serving: await makeServingCertificate(directory),
    client: { cert: frontProxy.certFile, key: frontProxy.keyFile, headers: AUTOSCALER_HEADERS },
  };
}

/** A Prometheus that has seen all series often enough for their rates. */
async function startScraping({ series, dataDir }: EnvironmentSettings, onEnd: OnEnd) {
  const data = dataDir === undefined ? {} : { dataDir };
  if (series === undefined) {
    const prometheus = await startPrometheus(data);
    onEnd(() => prometheus.stop());
    return prometheus;
  }
  const workload = await startWorkload(series);
  onEnd(() => workload.close());
  const job = {
    job_name: 'fleet',
    honor_labels: true,
    scrape_interval: `${SCRAPE_SECONDS}s`,
    static_configs: [{ targets: [workload.address] }],
  };
  const config = JSON.stringify({ scrape_configs: [job] });
  const prometheus = await startPrometheus({ ...data, config });
  onEnd(() => prometheus.stop());
  await untilScrapedTwice(prometheus.url);
  return prometheus;
}

async function untilScrapedTwice(url: string): Promise<void> {
  const query = encodeURIComponent('count_over_time(up{job="fleet"}[5m]) >= 2');
  const deadline = performance.now() + SCRAPED_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const response = await fetch(`${url}/api/v1/query?query=${query}`);
    if ((await response.text()).includes('"job":"fleet"')) return;
    await sleep(500);
  }
  throw new Error(`Prometheus has not scraped twice within ${SCRAPED_TIMEOUT_MS} ms`);
}

function createAdapterKubeconfig(plane: ControlPlane): Promise<string> {
  return plane.serviceAccountKubeconfig(IDENTITY.namespace, IDENTITY.name);
}

async function makeServingCertificate(directory: string): Promise<BenchEnvironment['serving']> {
  const authority = await createAuthority('adapter-ca');
  const ca = await writeCertificate(directory, 'adapter-ca', authority);
  const service = `${IDENTITY.name}.${IDENTITY.namespace}.svc`;
  const served = await writeCertificate(
    directory,
    'adapter',
    await issueServerCertificate(authority, [service]),
  );
  return { ca: ca.certFile, cert: served.certFile, key: served.keyFile };
}
