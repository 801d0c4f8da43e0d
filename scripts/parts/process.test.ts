import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ProcessOptions, startProcess } from './process.ts';

function node(script: string, options: Partial<ProcessOptions> = {}): ProcessOptions {
  return {
    name: 'the child',
    command: process.execPath,
    args: ['-e', script],
    isReady: (output) => output.includes('ready'),
    ...options,
  };
}

const FOREVER = 'setInterval(() => {}, 1000); console.log("ready");';

describe('startProcess', () => {
  test('waits until the child is ready, and stops it', async () => {
    const running = await startProcess(node(FOREVER));
    expect(running.isRunning()).toBe(true);
    expect(running.stdoutTail()).toBe('ready\n');
    await running.stop();
    await running.stop();
    expect(running.isRunning()).toBe(false);
    expect(isAlive(running.pid)).toBe(false);
  });

  test('kills a child that ignores SIGTERM', async () => {
    const stubborn = `process.on('SIGTERM', () => console.log('no')); ${FOREVER}`;
    const running = await startProcess(node(stubborn, { stopTimeoutMs: 100 }));
    // The stop timeout ends after the child has ignored the signal, regardless of the duration.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const stopped = running.stop();
    await expect.poll(() => running.stdoutTail()).toContain('no');
    vi.advanceTimersByTime(99);
    expect(running.isRunning()).toBe(true);
    vi.advanceTimersByTime(1);
    await stopped;
    expect(isAlive(running.pid)).toBe(false);
  });

  test('reports the last output of a child that exits before it is ready', async () => {
    const failing = node('console.error("the port is taken"); process.exit(1)');
    await expect(startProcess(failing)).rejects.toThrow(
      /^the child: ended before it was ready\nthe port is taken/,
    );
  });

  test('kills a child that is not ready in time', async () => {
    const silent = node('console.log(process.pid); setInterval(() => {}, 1000)', {
      readyTimeoutMs: 500,
    });
    const error = await startProcess(silent).catch(String);
    expect(error).toContain('the child: not ready after 500 ms');
    expect(isAlive(Number(/\d+$/m.exec(String(error).trim())?.[0]))).toBe(false);
  });

  test('forwards each line of the child process immediately', async () => {
    const lines: string[] = [];
    const talking = node(
      `process.stdout.write('a'); console.log('b'); console.error('c'); ${FOREVER}`,
      {
        onLine: (line) => lines.push(line),
      },
    );
    const running = await startProcess(talking);
    await expect.poll(() => lines.toSorted()).toEqual(['ab', 'c', 'ready']);
    await running.stop();
  });

  test('reports a program that does not exist', async () => {
    const missing = { ...node(''), command: '/nowhere/program', readyTimeoutMs: 5000 };
    await expect(startProcess(missing)).rejects.toThrow(/^the child: /);
  });

  test.runIf(process.platform === 'linux')('does not outlive a killed parent', async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = await once(parent.stdout, 'data');
    const pid = Number(String(chunk));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    while (isAlive(pid)) {
      await sleep(10);
    }
  });
});

const PARENT = `
  import { startProcess } from './process.ts';
  const child = await startProcess({
    name: 'child', command: process.execPath, args: ['-e', ${JSON.stringify(FOREVER)}],
    isReady: (output) => output.includes('ready'),
  });
  console.log(child.pid);
`;

/** Whether a process runs; one that has ended and waits for its parent (a zombie) does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
