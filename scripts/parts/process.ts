import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { adoptChild } from './children.ts';
import { findExecutable } from './executable.ts';
import { outputTail } from './output-tail.ts';

const READY_POLL_MS = 25;

export interface ProcessOptions {
  /** Its name in error messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Called repeatedly until it returns true; an error counts as "not yet".
   *
   * @param output the end of the output of the process so far (standard output and error)
   */
  readonly isReady: (output: string) => boolean | Promise<boolean>;
  /** Called with each line of output of the process. */
  readonly onLine?: (line: string) => void;
  /** Default 30,000 milliseconds. */
  readonly readyTimeoutMs?: number;
  /** How long it may take to exit after SIGTERM before it gets SIGKILL. Default 10,000 milliseconds. */
  readonly stopTimeoutMs?: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** The last 16,384 characters of its standard output and error. */
  stdoutTail(): string;
  /** False once it has exited, for any reason. */
  isRunning(): boolean;
  /** Sends a signal, e.g. `SIGHUP`; no effect if the process has exited. */
  signal(signal: NodeJS.Signals): void;
  /** Stops it (SIGTERM, then SIGKILL) and waits until it has exited. May be called more than once. */
  stop(): Promise<void>;
  /** Stops it with SIGKILL, like a crash, and waits until it has exited. */
  kill(): Promise<void>;
}

/**
 * Starts a program and waits until it is ready. It never outlives this process, not even a crash.
 *
 * @throws Error with the end of the program's output if it exits or is not ready in time; it does not
 *   run then
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = await spawnBound(options);
  const running = await supervise(child, options);
  try {
    await waitUntilReady(running, options);
  } catch (error) {
    await running.kill();
    throw error;
  }
  return running;
}

/**
 * Starts the child so that it ends with this process: an exit handler stops it, and the kernel does
 * (PR_SET_PDEATHSIG, set by `setpriv` if it is installed) if this process is killed.
 */
async function spawnBound({ command, args, cwd, env }: ProcessOptions): Promise<ChildProcess> {
  const setpriv = await findExecutable('setpriv');
  const line = [...(setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : []), command, ...args];
  const child = spawn(line[0] ?? command, line.slice(1), {
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  adoptChild(child);
  return child;
}

async function supervise(child: ChildProcess, options: ProcessOptions): Promise<RunningProcess> {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const pid = await pidOf(child, options.name);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) {
    throw new Error(`${options.name}: started without pipes for its output`);
  }
  const { onLine } = options;
  if (onLine !== undefined) {
    for (const input of [stdout, stderr]) createInterface({ input }).on('line', onLine);
  }

  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals) => {
    if (isRunning()) {
      child.kill(name);
    }
  };
  const kill = async () => {
    signal('SIGKILL');
    await ended;
  };
  const stop = async () => {
    signal('SIGTERM');
    const timer = setTimeout(() => signal('SIGKILL'), options.stopTimeoutMs ?? 10_000);
    await ended;
    clearTimeout(timer);
  };
  return { pid, stdoutTail: outputTail(stdout, stderr), isRunning, signal, stop, kill };
}

function pidOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${name}: cannot be started`, { cause: error })),
    );
    child.once('spawn', () => {
      if (child.pid !== undefined) {
        resolve(child.pid);
      }
    });
  });
}

async function waitUntilReady(running: RunningProcess, options: ProcessOptions): Promise<void> {
  const timeoutMs = options.readyTimeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  while (!(await isReadyNow(running, options))) {
    if (!running.isRunning()) {
      // Its last output may not have arrived yet.
      await running.kill();
      throw new Error(`${options.name}: ended before it was ready\n${running.stdoutTail()}`);
    }
    if (performance.now() > deadline) {
      throw new Error(`${options.name}: not ready after ${timeoutMs} ms\n${running.stdoutTail()}`);
    }
    await sleep(READY_POLL_MS);
  }
}

async function isReadyNow(running: RunningProcess, { isReady }: ProcessOptions): Promise<boolean> {
  try {
    return await isReady(running.stdoutTail());
  } catch {
    return false;
  }
}
