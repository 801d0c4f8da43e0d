/**
 * S3: what finding out which metrics there are costs, where Prometheus has very many series.
 *
 *   make bench-discovery
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resultFlags, startedAdapterFlags } from './arguments/adapter-flags.ts';
import type { BenchArguments } from './arguments/bench-arguments.ts';
import { startAdapter, startedTarget } from './environment/adapter-under-test.ts';
import type { BenchEnvironment } from './environment/bench-environment.ts';
import { backfillSeries, manySeriesRules } from './environment/many-series.ts';
import { startEnvironment } from './environment/start-environment.ts';
import { connectLoadClient } from './load/load-client.ts';
import { difference } from './measure/difference.ts';
import { parseExposition } from './measure/exposition.ts';
import { processUsage, resetPeakMemory } from './measure/process-usage.ts';
import { prometheusLoad } from './measure/prometheus-load.ts';
import type { Column, Row } from './report/table.ts';
import { type OnEnd, runBench, say } from './run-bench.ts';

const MIB = 2 ** 20;

const columns: readonly Column[] = [
  { key: 'series', title: 'series' },
  { key: 'discovery', title: '`--discovery`' },
  { key: 'ready', title: 'ready after, ms' },
  { key: 'requests', title: 'requests per relist', digits: 1 },
  { key: 'kib', title: 'KiB', digits: 1 },
  { key: 'relistMs', title: 'relist, ms' },
  { key: 'prometheusMs', title: 'request time of Prometheus, ms' },
  { key: 'prometheusCpu', title: 'CPU s of Prometheus', digits: 2 },
  { key: 'cpu', title: 'CPU s', digits: 2 },
  { key: 'peak', title: 'peak memory, MiB' },
];

await runBench({
  summary: 'What finding out which metrics there are costs.',
  flags: {
    series: { value: 'N,..', default: '100000,500000', help: 'series of Prometheus' },
    discovery: {
      value: 'WAY,..',
      default: 'series,labels',
      help: 'values of --discovery; `default` gives the adapter no such flag',
    },
    relists: { value: 'N', default: '3', help: 'how many relists are measured, after the first' },
    interval: { value: 'S', default: '20', help: 'seconds between two relists' },
    ...startedAdapterFlags,
    ...resultFlags,
  },
  async run(flags, onEnd) {
    const rows: Row[] = [];
    for (const series of flags.counts('series')) {
      await during(async (onEndOfSeries) => {
        const environment = await environmentWith(series, onEndOfSeries);
        for (const discovery of flags.needed('discovery').split(',')) {
          say(`${series} series, --discovery=${discovery}`);
          rows.push({ series, discovery, ...(await measure(flags, environment, discovery)) });
        }
      }, onEnd);
    }
    const settings = {
      relists: flags.count('relists'),
      interval: flags.count('interval'),
      adapterFlags: flags.all('adapter-flag'),
    };
    return { bench: 'discovery', settings, columns, rows };
  },
});

/** Ends what one step begins with the step, and with the bench where that ends before. */
async function during(step: (onEnd: OnEnd) => Promise<void>, onEnd: OnEnd): Promise<void> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  };
  onEnd(end);
  await step((cleanup) => cleanups.unshift(cleanup));
  await end();
}

async function environmentWith(series: number, onEnd: OnEnd): Promise<BenchEnvironment> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-series-'));
  onEnd(() => rm(directory, { recursive: true, force: true }));
  say(`writing ${series} series`);
  const dataDir = await backfillSeries(directory, series);
  return startEnvironment({ rules: manySeriesRules, dataDir, paths: [] }, onEnd);
}

async function measure(
  flags: BenchArguments,
  environment: BenchEnvironment,
  discovery: string,
): Promise<Row> {
  const interval = flags.count('interval');
  const relists = flags.count('relists');
  const startedAt = performance.now();
  const { running, port } = await startAdapter(flags, environment, {
    flags: [
      `--metrics-relist-interval=${interval}s`,
      '--metrics-max-age=1h',
      ...(discovery === 'default' ? [] : [`--discovery=${discovery}`]),
    ],
  });
  const ready = performance.now() - startedAt;
  try {
    resetPeakMemory(running.pid);
    const before = await countersOf(environment, running.pid, port);
    // Half an interval more, for the last of them to be over, and none too many.
    const until = performance.now() + (relists + 0.5) * interval * 1000;
    let grown = before;
    do {
      await sleep(1_000);
      grown = difference(before, await countersOf(environment, running.pid, port));
    } while (performance.now() < until && (grown.ownRelists ?? 0) < relists);
    const each = (count: number | undefined): number =>
      (count ?? 0) / (grown.ownRelists || relists);
    return {
      ready,
      requests: each(grown.discoveryRequests),
      kib: each(grown.bytes) / 1024,
      relistMs: grown.ownRelists ? ((grown.ownRelistSeconds ?? 0) * 1000) / grown.ownRelists : null,
      prometheusMs: each(grown.seconds) * 1000,
      prometheusCpu: each(grown.prometheusCpu),
      cpu: each(grown.cpu),
      peak: processUsage(running.pid).peakResidentBytes / MIB,
    };
  } finally {
    await running.kill();
  }
}

async function countersOf(
  environment: BenchEnvironment,
  pid: number,
  port: number,
): Promise<Readonly<Record<string, number>>> {
  const { cpuSeconds: prometheusCpu, ...prometheus } = await prometheusLoad(
    environment.prometheusUrl,
  );
  return {
    ...prometheus,
    prometheusCpu,
    cpu: processUsage(pid).cpuSeconds,
    ...(await ownRelists(environment, port)),
  };
}

/** The adapter's own metrics of its relists; undefined for another adapter. */
async function ownRelists(environment: BenchEnvironment, port: number) {
  const target = await startedTarget(port, environment);
  const headers = { ...target.headers, 'X-Remote-Group': 'system:masters', Accept: '*/*' };
  const client = await connectLoadClient({ ...target, headers }, 'HTTP/1.1', 1);
  const { body } = await client.get('/metrics');
  client.close();
  const { sum } = parseExposition(body.toString());
  return {
    ownRelists: sum('prom_metrics_adapter_relist_duration_seconds_count'),
    ownRelistSeconds: sum('prom_metrics_adapter_relist_duration_seconds_sum'),
  };
}
