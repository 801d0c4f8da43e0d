import {
  BenchArgumentError,
  type BenchArguments,
  type BenchFlag,
  benchHelp,
  parseBenchArguments,
} from './arguments/bench-arguments.ts';
import { type BenchResult, report } from './report/bench-result.ts';

/** What is to be ended when the bench is over, however that is: the last begun first. */
export type OnEnd = (end: () => Promise<unknown>) => void;

/** One bench: a program of its own. */
export interface Bench {
  /** One sentence for the help. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, BenchFlag>>;
  /** @returns undefined where there is nothing to report */
  run(flags: BenchArguments, onEnd: OnEnd): Promise<BenchResult | undefined>;
}

/** Runs a bench with this process's arguments, reports its result and ends what it has begun. */
export async function runBench(bench: Bench): Promise<void> {
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    const flags = parseBenchArguments(process.argv.slice(2), bench.flags);
    if (flags.has('help')) {
      process.stdout.write(benchHelp(bench.summary, bench.flags));
      return;
    }
    const running = bench.run(flags, (end) => cleanups.unshift(end));
    const result = await Promise.race([running, interrupted()]);
    if (result !== undefined) await report(result, flags);
  } catch (error) {
    if (error instanceof BenchArgumentError) say(`${error.message}; --help tells all flags`);
    else console.error(error);
    process.exitCode = error instanceof BenchArgumentError ? 2 : 1;
  } finally {
    for (const cleanup of cleanups) await cleanup();
    // What an interrupted bench still waits for is not waited for.
    process.exit();
  }
}

/** Prints progress. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function interrupted(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.exitCode = 130;
        resolve(undefined);
      });
    }
  });
}
