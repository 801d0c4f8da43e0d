/**
 * The servers of S1 and of the soak without an adapter, for one that you start yourself:
 *
 *   node test/bench/environment.ts
 *
 * prints a file for `--environment` and flags for the adapter, and keeps all running until Ctrl-C.
 */
import { environmentFlags } from './arguments/adapter-flags.ts';
import { adapterFlags } from './environment/adapter-under-test.ts';
import { writeEnvironment } from './environment/bench-environment.ts';
import { fleetEnvironment } from './environment/fleet-environment.ts';
import { runBench } from './run-bench.ts';

await runBench({
  summary: 'A cluster and a Prometheus for an adapter that you start yourself.',
  flags: {
    ...environmentFlags,
    help: { help: 'print this' },
  },
  async run(flags, onEnd) {
    const environment = await fleetEnvironment(flags, onEnd);
    const file = await writeEnvironment(environment);
    const lines = adapterFlags(environment, 6443).map((flag) => `  ${flag} \\\n`);
    process.stdout.write(
      `Flags for the adapter:\n${lines.join('')}\nThen, with its process id:\n  node test/bench/reads.ts --environment=${file} --url=https://127.0.0.1:6443 --pid=ID\n\nCtrl-C ends it.\n`,
    );
    return new Promise<undefined>(() => undefined);
  },
});
