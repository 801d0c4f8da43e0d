import type { ChildProcess } from 'node:child_process';

const KILL_AFTER_MS = 2_000;

/** The running child processes. One exit handler for all, since the number of listeners is limited. */
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const controller = new AbortController();

/** Aborted by {@link endChildren}, for waits on anything other than child processes. */
export const ending: AbortSignal = controller.signal;

/**
 * Terminates a child process with this process, and by {@link endChildren}. A child that is started after
 * that is terminated immediately.
 */
export function adoptChild(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.once('error', () => children.delete(child));
  if (ending.aborted) child.kill('SIGTERM');
}

/**
 * Ends all children, with SIGTERM and after 2 seconds with SIGKILL, and those that are started from
 * now on. A caller that waits for one gets an error that it has exited, and removes its files.
 */
export function endChildren(): void {
  controller.abort();
  for (const child of children) child.kill('SIGTERM');
  setTimeout(() => {
    for (const child of children) child.kill('SIGKILL');
  }, KILL_AFTER_MS).unref();
}
