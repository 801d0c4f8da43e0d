import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { check } from '../../src/commands/check.ts';

/** The output of `prom-metrics-adapter check` for a rules file. */
export interface CheckResult {
  /** 0 where there is no fault. */
  readonly code: number;
  readonly output: string;
}

/** Checks the text of a rules file with the program's own command. */
export async function checkRules(rules: string, ...flags: readonly string[]): Promise<CheckResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = Readable.from([Buffer.from(rules)]);
  const code = await check(['-', ...flags], { stdin, stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, output: `${await text(stdout)}${await text(stderr)}` };
}
