import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Load, LoadOutcome } from './load.ts';

const PROGRAM = join(import.meta.dirname, 'load-generator.ts');

/**
 * Makes a load, in a process of its own, so that what measures does not compete with it for one
 * thread.
 *
 * @throws Error where that process fails, or an answer was not 200
 */
export async function generateLoad(load: Load): Promise<LoadOutcome> {
  const child = fork(PROGRAM, { execArgv: [] });
  const ended = once(child, 'exit');
  const answered = new Promise<LoadOutcome>((resolve) => child.once('message', resolve));
  child.send(load);
  const outcome = await Promise.race([answered, ended.then(() => undefined)]);
  if (outcome === undefined) throw new Error('the process that makes the load has failed');
  await ended;
  if (outcome.complaint !== undefined) {
    throw new Error(
      `not every answer was good, so that its speed means nothing: ${JSON.stringify(outcome.statuses)}; ${outcome.complaint}`,
    );
  }
  return outcome;
}
