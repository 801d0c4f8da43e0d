import { setTimeout as sleep } from 'node:timers/promises';
import { ending } from '../parts/children.ts';

/** Shorter waits are not announced. */
const SHORT_WAIT_MS = 1_000;

/** Prints for the person who runs the demo. */
export function say(text: string): void {
  console.log(text);
}

/** Runs a step of the demo, and prints its description unless it ends quickly. */
export async function step<T>(description: string, work: () => Promise<T>): Promise<T> {
  ending.throwIfAborted();
  const timer = setTimeout(() => say(`... ${description}`), SHORT_WAIT_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, but not beyond the end of the demo. */
export async function pause(milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal: ending });
}
