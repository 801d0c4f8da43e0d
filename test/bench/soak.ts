/**
 * Many requests, with the heap in use measured regularly, after a full garbage collection: it
 * must not grow.
 *
 *   make bench-soak
 */
import { freePort } from '../../scripts/parts/free-port.ts';
import { environmentFlags, resultFlags, startedAdapterFlags } from './arguments/adapter-flags.ts';
import { readPaths, startAdapter, startedTarget } from './environment/adapter-under-test.ts';
import { fleetEnvironment } from './environment/fleet-environment.ts';
import { generateLoad } from './load/generate-load.ts';
import { connectNodeHeap } from './measure/node-heap.ts';
import { processUsage } from './measure/process-usage.ts';
import type { Column, Row } from './report/table.ts';
import { runBench, say } from './run-bench.ts';

const MIB = 2 ** 20;

const columns: readonly Column[] = [
  { key: 'requests', title: 'requests so far' },
  { key: 'heap', title: 'heap in use, MiB', digits: 2 },
  { key: 'resident', title: 'memory, MiB', digits: 1 },
];

await runBench({
  summary: 'Many requests: the heap in use after collections must not grow.',
  flags: {
    requests: { value: 'N', default: '100000', help: 'requests in all' },
    every: { value: 'N', default: '10000', help: 'requests between two looks at the heap' },
    ...environmentFlags,
    ...startedAdapterFlags,
    ...resultFlags,
  },
  async run(flags, onEnd) {
    const environment = await fleetEnvironment(flags, onEnd);
    const inspectorPort = await freePort();
    const { running, port } = await startAdapter(flags, environment, {
      nodeFlags: [`--inspect=127.0.0.1:${inspectorPort}`],
    });
    onEnd(() => running.stop());
    const heap = await connectNodeHeap(inspectorPort);
    const target = await startedTarget(port, environment);
    const paths = await readPaths(environment.pathsFile);
    const every = flags.count('every');
    const rows: Row[] = [];
    for (let requests = every; requests <= flags.count('requests'); requests += every) {
      // Both protocols in turn, each time over new connections.
      const protocol = rows.length % 2 === 0 ? 'HTTP/2' : 'HTTP/1.1';
      await generateLoad({
        target,
        protocol,
        concurrency: 16,
        paths,
        requests: every,
        seconds: 3600,
      });
      const used = (await heap.usedAfterCollection()) / MIB;
      const resident = processUsage(running.pid).residentBytes / MIB;
      say(`${requests} requests: ${used.toFixed(2)} MiB`);
      rows.push({ requests, heap: used, resident });
    }
    heap.close();
    const settings = { adapterFlags: flags.all('adapter-flag'), every };
    return { bench: 'soak', settings, columns, rows };
  },
});
