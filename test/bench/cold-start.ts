/**
 * S4: from the start of the process to ready, and its memory then and after 1,000 requests.
 *
 *   make bench-cold-start
 */
import { environmentFlags, resultFlags, startedAdapterFlags } from './arguments/adapter-flags.ts';
import type { BenchArguments } from './arguments/bench-arguments.ts';
import { readPaths, startAdapter, startedTarget } from './environment/adapter-under-test.ts';
import type { BenchEnvironment } from './environment/bench-environment.ts';
import { fleetEnvironment } from './environment/fleet-environment.ts';
import { generateLoad } from './load/generate-load.ts';
import { median } from './measure/percentile.ts';
import { processUsage } from './measure/process-usage.ts';
import type { Column } from './report/table.ts';
import { runBench, say } from './run-bench.ts';

const MIB = 2 ** 20;
const REQUESTS = 1000;

const columns: readonly Column[] = [
  { key: 'run', title: 'run' },
  { key: 'ready', title: 'ready after, ms' },
  { key: 'cpu', title: 'CPU s until ready', digits: 2 },
  { key: 'resident', title: 'memory when ready, MiB', digits: 1 },
  { key: 'after', title: `memory after ${REQUESTS.toLocaleString('en')} requests, MiB`, digits: 1 },
  { key: 'peak', title: 'peak memory, MiB', digits: 1 },
];

type Figures = Readonly<Record<'ready' | 'cpu' | 'resident' | 'after' | 'peak', number>>;

await runBench({
  summary: 'From the start of the process to ready, and its memory.',
  flags: {
    runs: { value: 'N', default: '5', help: 'how often it is started' },
    ...environmentFlags,
    ...startedAdapterFlags,
    ...resultFlags,
  },
  async run(flags, onEnd) {
    const environment = await fleetEnvironment(flags, onEnd);
    const runs: Figures[] = [];
    for (let run = 1; run <= flags.count('runs'); run += 1) {
      say(`start ${run}`);
      runs.push(await startOnce(flags, environment));
    }
    const rows = runs.map((figures, at) => ({ run: String(at + 1), ...figures }));
    const settings = { adapterFlags: flags.all('adapter-flag'), requests: REQUESTS };
    return {
      bench: 'cold-start',
      settings,
      columns,
      rows: [...rows, { run: 'median', ...medians(runs) }],
    };
  },
});

async function startOnce(flags: BenchArguments, environment: BenchEnvironment): Promise<Figures> {
  const startedAt = performance.now();
  const { running, port } = await startAdapter(flags, environment);
  const ready = performance.now() - startedAt;
  try {
    const atStart = processUsage(running.pid);
    await generateLoad({
      target: await startedTarget(port, environment),
      protocol: 'HTTP/2',
      concurrency: 4,
      paths: await readPaths(environment.pathsFile),
      requests: REQUESTS,
      seconds: 60,
    });
    const { residentBytes, peakResidentBytes } = processUsage(running.pid);
    return {
      ready,
      cpu: atStart.cpuSeconds,
      resident: atStart.residentBytes / MIB,
      after: residentBytes / MIB,
      peak: peakResidentBytes / MIB,
    };
  } finally {
    await running.kill();
  }
}

function medians(runs: readonly Figures[]): Figures {
  const of = (key: keyof Figures): number => median(runs.map((figures) => figures[key]));
  return {
    ready: of('ready'),
    cpu: of('cpu'),
    resident: of('resident'),
    after: of('after'),
    peak: of('peak'),
  };
}
