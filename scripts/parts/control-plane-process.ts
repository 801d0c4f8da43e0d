import { open, readFile } from 'node:fs/promises';
import { type ProcessOptions, type RunningProcess, startProcess } from './process.ts';

const TAIL_CHARACTERS = 16_384;

export interface LoggedProcess extends RunningProcess {
  /** The content of its log file, which includes earlier runs. */
  log(): Promise<string>;
}

/**
 * Starts a program that writes its log to a file, for tests that read the complete log. An existing log
 * file is appended to.
 *
 * @param logFile gets standard output and error
 * @throws Error with the end of the log if the program ends or is not ready in time
 */
export async function startLoggedProcess(
  logFile: string,
  options: ProcessOptions,
): Promise<LoggedProcess> {
  await (await open(logFile, 'a')).close();
  const log = () => readFile(logFile, 'utf8');
  try {
    const running = await startProcess({
      ...options,
      command: '/bin/sh',
      args: [
        '-c',
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        'sh',
        logFile,
        options.command,
        ...options.args,
      ],
    });
    return { ...running, log };
  } catch (error) {
    const tail = (await log()).slice(-TAIL_CHARACTERS);
    throw new Error(`${options.name}: did not become ready\n${tail}`, { cause: error });
  }
}
