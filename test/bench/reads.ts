/**
 * S1: requests as autoscalers make them, at several concurrencies, over HTTP/1.1 and HTTP/2.
 *
 *   make bench-reads
 */
import { createKubectl } from '../e2e/kubectl.ts';
import {
  environmentFlags,
  resultFlags,
  runningAdapterFlags,
  startedAdapterFlags,
} from './arguments/adapter-flags.ts';
import { BenchArgumentError, type BenchArguments } from './arguments/bench-arguments.ts';
import {
  type AdapterUnderTest,
  adapterUnderTest,
  pathsToAsk,
  startBareServer,
} from './environment/adapter-under-test.ts';
import type { BenchEnvironment } from './environment/bench-environment.ts';
import { fleetEnvironment } from './environment/fleet-environment.ts';
import { generateLoad } from './load/generate-load.ts';
import type { Load, Protocol } from './load/load.ts';
import { apiServerLoad } from './measure/apiserver-load.ts';
import { difference } from './measure/difference.ts';
import { processUsage, resetPeakMemory } from './measure/process-usage.ts';
import { prometheusLoad } from './measure/prometheus-load.ts';
import type { Column, Row } from './report/table.ts';
import { type OnEnd, runBench, say } from './run-bench.ts';

const MIB = 2 ** 20;

const columns: readonly Column[] = [
  { key: 'metrics', title: 'metrics' },
  { key: 'protocol', title: 'protocol' },
  { key: 'concurrency', title: 'concurrent' },
  { key: 'requests', title: 'requests' },
  { key: 'perSecond', title: 'requests/s' },
  { key: 'p50', title: 'p50, ms', digits: 1 },
  { key: 'p99', title: 'p99, ms', digits: 1 },
  { key: 'cpu', title: 'CPU s per 1,000 requests', digits: 2 },
  { key: 'peak', title: 'peak memory, MiB' },
  { key: 'queries', title: 'queries' },
  { key: 'prometheusKiB', title: 'KiB from Prometheus' },
  { key: 'lists', title: 'lists' },
  { key: 'reviews', title: 'reviews' },
  { key: 'listKiB', title: 'KiB of objects' },
  { key: 'generator', title: 'CPU s of the load generator per 1,000', digits: 2 },
];

await runBench({
  summary: 'Requests as autoscalers make them, at several concurrencies.',
  flags: {
    metrics: {
      value: 'M,..',
      help: 'the requests: pods; all; none, of a bare server; default: each, with --paths all',
    },
    concurrency: { value: 'N,..', default: '1,16,64', help: 'requests at the same time' },
    protocol: { value: 'P,..', default: '1.1,2', help: 'versions of HTTP' },
    seconds: { value: 'N', default: '10', help: 'how long each is measured' },
    requests: { value: 'N', default: '1000000', help: 'or until so many requests' },
    ...environmentFlags,
    ...startedAdapterFlags,
    ...runningAdapterFlags,
    ...resultFlags,
  },
  async run(flags, onEnd) {
    // Errors in flags are reported before anything starts.
    const concurrencies = flags.counts('concurrency');
    const versions = protocols(flags);
    const byDefault = flags.has('paths') || !needsEnvironment(flags) ? 'all' : 'none,pods,all';
    const choices = (flags.text('metrics') ?? byDefault).split(',').map(choiceOf);
    const requests = flags.count('requests');
    const seconds = flags.count('seconds');
    const environment = needsEnvironment(flags) ? await fleetEnvironment(flags, onEnd) : undefined;
    const adapter = await adapterUnderTest(flags, environment, onEnd);
    const paths = await pathsToAsk(flags, environment);
    const observe = await observer(environment);
    const rows: Row[] = [];
    for (const { metrics, isChosen } of choices) {
      const chosen = paths.filter(isChosen);
      if (chosen.length === 0) throw new BenchArgumentError(`--metrics: no path is of ${metrics}`);
      const server = metrics === 'none' ? await bareServer(environment, onEnd) : adapter;
      for (const protocol of versions) {
        for (const concurrency of concurrencies) {
          const load: Load = {
            target: server.target,
            protocol,
            concurrency,
            paths: chosen,
            requests,
            seconds,
          };
          // Connections, compiled code and indexes as in a process that has run for a while.
          await generateLoad({ ...load, seconds: 3 });
          say(`metrics: ${metrics}, ${protocol}, ${concurrency} concurrent`);
          rows.push({ metrics, protocol, concurrency, ...(await measure(load, server, observe)) });
        }
      }
    }
    const settings = {
      paths: paths.length,
      seconds,
      adapterFlags: flags.all('adapter-flag'),
      kubernetes: environment?.kubernetes,
    };
    return { bench: 'reads', settings, columns, rows };
  },
});

function needsEnvironment(flags: BenchArguments): boolean {
  return flags.has('environment') || !flags.has('url');
}

/** Some of the requested paths. */
interface Choice {
  readonly metrics: string;
  readonly isChosen: (path: string) => boolean;
}

function choiceOf(metrics: string): Choice {
  if (metrics === 'none') return { metrics, isChosen: () => true };
  if (metrics === 'pods') return { metrics, isChosen: (path) => path.includes('/pods/') };
  if (metrics === 'all') return { metrics, isChosen: () => true };
  throw new BenchArgumentError(`--metrics: expected none, pods or all, not ${metrics}`);
}

async function bareServer(
  environment: BenchEnvironment | undefined,
  onEnd: OnEnd,
): Promise<AdapterUnderTest> {
  if (environment !== undefined) return startBareServer(environment, onEnd);
  throw new BenchArgumentError('--metrics: none needs an environment');
}

function protocols(flags: BenchArguments): readonly Protocol[] {
  return flags
    .needed('protocol')
    .split(',')
    .map((text) => {
      if (text === '1.1') return 'HTTP/1.1';
      if (text === '2') return 'HTTP/2';
      throw new BenchArgumentError(`--protocol: expected 1.1 or 2, not ${text}`);
    });
}

/** Counters by name. */
type ServerLoad = Readonly<Record<string, number>>;

/** Reads the counters of the servers behind the adapter, where they are known. */
async function observer(
  environment: BenchEnvironment | undefined,
): Promise<() => Promise<ServerLoad | undefined>> {
  if (environment === undefined) return async () => undefined;
  const { auditLog, adapterUser, kubeconfig, directory, prometheusUrl } = environment;
  const kubectl = await createKubectl(kubeconfig, directory);
  return async () => ({
    ...(await apiServerLoad(kubectl, auditLog, adapterUser)),
    ...(await prometheusLoad(prometheusUrl)),
  });
}

async function measure(
  load: Load,
  { pid }: AdapterUnderTest,
  observe: () => Promise<ServerLoad | undefined>,
): Promise<Row> {
  const before = await observe();
  if (pid !== undefined) resetPeakMemory(pid);
  const cpuBefore = pid === undefined ? undefined : processUsage(pid).cpuSeconds;
  const outcome = await generateLoad(load);
  const usage = pid === undefined ? undefined : processUsage(pid);
  const after = await observe();
  const servers = before && after && difference(before, after);
  const per1000 = (seconds: number): number => (seconds * 1000) / outcome.requests;
  return {
    requests: outcome.requests,
    perSecond: outcome.requests / outcome.seconds,
    p50: outcome.p50,
    p99: outcome.p99,
    longest: outcome.longest,
    cpu: usage && cpuBefore !== undefined ? per1000(usage.cpuSeconds - cpuBefore) : null,
    peak: usage ? usage.peakResidentBytes / MIB : null,
    queries: servers?.queries ?? null,
    prometheusKiB: kibibytes(servers?.bytes),
    lists: servers?.lists ?? null,
    reviews: servers?.reviews ?? null,
    others: servers?.others ?? null,
    listKiB: kibibytes(servers?.podListBytes),
    generator: per1000(outcome.cpuSeconds),
    answerBytes: outcome.bytes / outcome.requests,
  };
}

function kibibytes(bytes: number | undefined): number | null {
  return bytes === undefined ? null : bytes / 1024;
}
