import { readdirSync, readFileSync } from 'node:fs';

/** Measures how long runnable processes waited for a CPU, or the machine was paused. */
export interface CpuWaiting {
  /**
   * Milliseconds for all processes together, between two times in milliseconds since the epoch;
   * rather too much than too little, by what the last tenth of a second before and after makes.
   */
  within(from: number, to: number): number;
  stop(): void;
}

const EVERY_MS = 100;

/**
 * Watches processes, so that a test does not blame them for a machine that has too much else to do.
 * Only Linux tells (`/proc/<pid>/schedstat`); elsewhere it is 0. What no process can tell, a virtual
 * machine that gets no processor itself, is seen by this process being late.
 *
 * @param pids asked each time, for processes that are started again
 */
export function watchCpuWaiting(pids: () => readonly number[]): CpuWaiting {
  const samples: { readonly at: number; readonly waited: number }[] = [];
  const last = new Map<number, number>();
  let lastAt = now();
  let total = 0;

  function sample(): void {
    const at = now();
    total += Math.max(waitedSinceLast(), at - lastAt - EVERY_MS);
    lastAt = at;
    samples.push({ at, waited: total });
  }

  function waitedSinceLast(): number {
    let sum = 0;
    for (const pid of pids()) {
      const waited = waitedOf(pid);
      sum += Math.max(0, waited - (last.get(pid) ?? waited));
      last.set(pid, waited);
    }
    return sum;
  }

  sample();
  const timer = setInterval(sample, EVERY_MS);
  return {
    within(from, to) {
      const before = samples.findLast(({ at }) => at <= from)?.waited ?? 0;
      const after = samples.find(({ at }) => at >= to)?.waited ?? total;
      return after - before;
    },
    stop() {
      clearInterval(timer);
      sample();
    },
  };
}

const now = (): number => performance.timeOrigin + performance.now();

/** Of the thread that waited longest, in milliseconds since the process began. */
function waitedOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const waits = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[1]),
    );
    return Math.max(0, ...waits) / 1e6;
  } catch {
    return 0;
  }
}
