import type { ChildProcess } from 'node:child_process';

const KILL_AFTER_MS = 2_000;

/** The children that run now. One handler for all, for handlers of one event are meant to be few. */
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

const controller = new AbortController();

/** Aborted by {@link endChildren}: whatever waits for more than its children waits for this too. */
export const ending: AbortSignal = controller.signal;

/**
 * Has a child ended with this process, and by {@link endChildren}. Called before it has done
 * anything, so one that is started after the end was asked for is ended at once.
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
