import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { adoptChild } from './children.ts';
import { outputTail } from './output-tail.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end, without a shell.
 *
 * @returns its standard output
 * @throws Error with the command, how it ended and the last of its output, if it could not be
 *   started or its exit code is not 0
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  adoptChild(child);
  const tail = outputTail(child.stdout, child.stderr);
  const stdout: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  const [code, signal] = await once(child, 'close');
  if (code !== 0) {
    throw new Error(
      `${[command, ...args].join(' ')}: ended with ${signal ?? `exit code ${code}`}\n${tail()}`,
    );
  }
  return Buffer.concat(stdout).toString('utf8');
}
