// The process that makes the load: gets a Load from its parent, sends back the LoadOutcome.
import { percentile } from '../measure/percentile.ts';
import { processUsage } from '../measure/process-usage.ts';
import type { Load, LoadClient, LoadOutcome } from './load.ts';
import { connectLoadClient } from './load-client.ts';

process.once('message', (load: Load) => {
  generate(load).then(
    (outcome) => process.send?.(outcome, () => process.disconnect()),
    (error: unknown) => {
      throw error;
    },
  );
});

/** Counters of a running load. */
interface Tally {
  readonly latencies: number[];
  readonly statuses: Record<string, number>;
  complaint: string | undefined;
  begun: number;
  bytes: number;
}

async function generate(load: Load): Promise<LoadOutcome> {
  const client = await connectLoadClient(load.target, load.protocol, load.concurrency);
  const tally: Tally = { latencies: [], statuses: {}, complaint: undefined, begun: 0, bytes: 0 };
  const cpuBefore = processUsage(process.pid).cpuSeconds;
  const startedAt = performance.now();
  const deadline = startedAt + load.seconds * 1000;
  const askOn = async (): Promise<void> => {
    while (tally.begun < load.requests && performance.now() < deadline) {
      tally.begun += 1;
      await ask(client, load.paths[(tally.begun - 1) % load.paths.length] ?? '/', tally);
    }
  };
  await Promise.all(Array.from({ length: load.concurrency }, askOn));
  const seconds = (performance.now() - startedAt) / 1000;
  client.close();
  const sorted = Float64Array.from(tally.latencies).sort();
  return {
    requests: sorted.length,
    seconds,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    longest: percentile(sorted, 1),
    statuses: tally.statuses,
    complaint: tally.complaint,
    bytes: tally.bytes,
    cpuSeconds: processUsage(process.pid).cpuSeconds - cpuBefore,
  };
}

async function ask(client: LoadClient, path: string, tally: Tally): Promise<void> {
  const askedAt = performance.now();
  const [status, body] = await client.get(path).then(
    (answer) => [String(answer.status), answer.body] as const,
    (error: unknown) => ['failed', Buffer.from(String(error))] as const,
  );
  tally.latencies.push(performance.now() - askedAt);
  tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
  tally.bytes += body.length;
  if (status !== '200') tally.complaint ??= `${path}: ${status} ${body.toString().slice(0, 500)}`;
}
