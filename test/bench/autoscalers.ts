/**
 * S2: the HorizontalPodAutoscalers of a real kube-controller-manager, for some of their periods.
 *
 *   make bench-autoscalers
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAvailable } from '../e2e/adapter.ts';
import { apiManifests } from '../e2e/adapter-manifests.ts';
import { createKubectl, type Kubectl } from '../e2e/kubectl.ts';
import { resultFlags, startedAdapterFlags } from './arguments/adapter-flags.ts';
import type { BenchArguments } from './arguments/bench-arguments.ts';
import { startAdapter } from './environment/adapter-under-test.ts';
import { autoscaledEnvironment } from './environment/autoscaled-environment.ts';
import { AUTOSCALER, IDENTITY } from './environment/start-environment.ts';
import { apiServerLoad, auditedRequests } from './measure/apiserver-load.ts';
import { type Autoscalers, autoscalersOf } from './measure/autoscalers.ts';
import { difference } from './measure/difference.ts';
import { metricAges } from './measure/metric-age.ts';
import { percentile } from './measure/percentile.ts';
import { processUsage, resetPeakMemory } from './measure/process-usage.ts';
import { prometheusLoad } from './measure/prometheus-load.ts';
import type { Column, Row } from './report/table.ts';
import { type OnEnd, runBench, say } from './run-bench.ts';

const MIB = 2 ** 20;
const ACTIVE_TIMEOUT_MS = 180_000;
const AGE_SAMPLES = 20;

const columns: readonly Column[] = [
  { key: 'autoscalers', title: 'HPAs' },
  { key: 'active', title: 'active' },
  { key: 'reads', title: 'reads per period', digits: 1 },
  { key: 'queries', title: 'queries per period', digits: 1 },
  { key: 'prometheusKiB', title: 'KiB from Prometheus', digits: 1 },
  { key: 'lists', title: 'lists per period', digits: 1 },
  { key: 'reviews', title: 'reviews per period', digits: 1 },
  { key: 'cpu', title: 'CPU s per period', digits: 2 },
  { key: 'peak', title: 'peak memory, MiB' },
  { key: 'age', title: 'age of values, s, median', digits: 1 },
  { key: 'oldest', title: 'age of values, s, maximum', digits: 1 },
];

await runBench({
  summary: 'The HorizontalPodAutoscalers of a real kube-controller-manager.',
  flags: {
    autoscalers: { value: 'N', default: '300', help: 'how many; each has a Deployment of 2 pods' },
    period: { value: 'S', default: '15', help: 'seconds between two looks of an autoscaler' },
    periods: { value: 'N', default: '3', help: 'how many periods are measured' },
    ...startedAdapterFlags,
    kubeconfig: {
      value: 'FILE',
      help: 'a cluster that is as it is, with its adapter: nothing is started',
    },
    'prometheus-url': { value: 'URL', help: 'the Prometheus of that cluster' },
    pid: { value: 'ID', help: 'the adapter of that cluster, where it runs on this machine' },
    ...resultFlags,
  },
  async run(flags, onEnd) {
    const scene = flags.has('kubeconfig') ? await givenScene(flags) : await ownScene(flags, onEnd);
    say('waiting until the autoscalers are active');
    await untilActive(scene.autoscalers);
    say(`measuring ${flags.count('periods')} periods of ${flags.count('period')} s`);
    const row = await measure(scene, flags.count('period'), flags.count('periods'));
    const settings = {
      period: flags.count('period'),
      periods: flags.count('periods'),
      adapterFlags: flags.all('adapter-flag'),
    };
    return { bench: 'autoscalers', settings, columns, rows: [row] };
  },
});

/** What is measured. */
interface Scene {
  readonly kubectl: Kubectl;
  readonly autoscalers: Autoscalers;
  readonly prometheusUrl: string;
  readonly pid: number | undefined;
  /** Absent: requests to the API server are not recorded. */
  readonly audit?: { readonly log: string; readonly adapterUser: string };
  /** Metrics whose ages are measured; absent: none. */
  readonly pathsFile?: string;
}

/** A control plane, autoscalers, a Prometheus and an adapter that the API server hands requests to. */
async function ownScene(flags: BenchArguments, onEnd: OnEnd): Promise<Scene> {
  const environment = await autoscaledEnvironment(
    { autoscalers: flags.count('autoscalers'), periodSeconds: flags.count('period') },
    onEnd,
  );
  const { kubectl, plane, prometheusUrl, auditLog, adapterUser, pathsFile } = environment;
  const { running, port } = await startAdapter(flags, environment);
  onEnd(() => running.stop());
  const caCertificate = await readFile(environment.serving.ca, 'utf8');
  await kubectl.apply(...apiManifests({ ...IDENTITY, port, caCertificate }));
  await untilAvailable(kubectl);
  return {
    kubectl,
    autoscalers: autoscalersOf(kubectl, plane.minor),
    prometheusUrl,
    pid: running.pid,
    audit: { log: auditLog, adapterUser },
    pathsFile,
  };
}

async function givenScene(flags: BenchArguments): Promise<Scene> {
  const kubectl = await createKubectl(flags.needed('kubeconfig'), '/tmp');
  const { minor } = JSON.parse(await kubectl.run('get', '--raw=/version'));
  return {
    kubectl,
    autoscalers: autoscalersOf(kubectl, Number.parseInt(minor, 10)),
    prometheusUrl: flags.needed('prometheus-url'),
    pid: flags.has('pid') ? flags.count('pid') : undefined,
  };
}

async function untilActive(autoscalers: Autoscalers): Promise<void> {
  const deadline = performance.now() + ACTIVE_TIMEOUT_MS;
  for (;;) {
    const { all, active } = await autoscalers.count();
    if (active === all) return;
    if (performance.now() > deadline) {
      say(`${all - active} of ${all} autoscalers are not active; measuring nevertheless`);
      return;
    }
    await sleep(2_000);
  }
}

async function measure(scene: Scene, period: number, periods: number): Promise<Row> {
  const { autoscalers, pid } = scene;
  if (pid !== undefined) resetPeakMemory(pid);
  const before = await countersOf(scene);
  await sleep(period * periods * 1000);
  const grown = difference(before, await countersOf(scene));
  const ages = scene.pathsFile
    ? await metricAges(scene.kubectl, scene.pathsFile, AGE_SAMPLES)
    : undefined;
  const { all, active } = await autoscalers.count();
  const perPeriod = (count: number | undefined): number | null =>
    count === undefined ? null : count / periods;
  return {
    autoscalers: all,
    active,
    reads: perPeriod(grown.reads),
    queries: perPeriod(grown.queries),
    prometheusKiB: perPeriod(grown.bytes && grown.bytes / 1024),
    lists: perPeriod(grown.lists),
    reviews: perPeriod(grown.reviews),
    others: perPeriod(grown.others),
    cpu: perPeriod(grown.adapterCpu),
    peak: pid === undefined ? null : processUsage(pid).peakResidentBytes / MIB,
    age: ages ? percentile(ages, 0.5) : null,
    oldest: ages ? percentile(ages, 1) : null,
  };
}

/** All counters that are known, at this moment. */
async function countersOf(scene: Scene): Promise<Readonly<Record<string, number>>> {
  const { audit, kubectl, pid } = scene;
  const { queries, bytes } = await prometheusLoad(scene.prometheusUrl);
  return {
    queries,
    bytes,
    ...(pid === undefined ? {} : { adapterCpu: processUsage(pid).cpuSeconds }),
    ...(audit && {
      ...(await apiServerLoad(kubectl, audit.log, audit.adapterUser)),
      reads: await autoscalerReads(audit.log),
    }),
  };
}

async function autoscalerReads(auditLog: string): Promise<number> {
  return (await auditedRequests(auditLog)).filter(
    ({ user, group }) => user === AUTOSCALER && group === 'custom.metrics.k8s.io',
  ).length;
}
