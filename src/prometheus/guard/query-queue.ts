import { PrometheusError } from '../client/errors.ts';
import { NotAskedError } from './not-asked.ts';

/**
 * Lets so many queries run at once; the others wait. Flows take turns, and the queries of a flow run in
 * the order in which they came. A flow is what counts as one client, such as a user.
 */
export interface QueryQueue {
  /**
   * Waits for a place.
   *
   * @param flow undefined: one flow, which may have all places
   * @param timeoutMs how long, in milliseconds
   * @param signal the signal of the caller; when it aborts, the query leaves the queue at once
   * @returns gives the place back; to be called when the query has ended, however it did
   * @throws NotAskedError `queue_full` at once, `deadline` after that time, or what `refuseAll` is
   *   given; PrometheusError `canceled` when the signal says so
   */
  enter(
    flow: string | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<() => void>;
  /** Sends all away who wait now. */
  refuseAll(reason: Error): void;
}

export interface QueryQueueOptions {
  readonly mostRunning: number;
  /** 0: nobody waits. */
  readonly mostWaiting: number;
  /** Called on every change. */
  readonly onChange?: (now: { readonly running: number; readonly waiting: number }) => void;
}

/** One who waits. */
interface Waiting {
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

/** The part of all places that a flow leaves to others. */
const PART_FOR_OTHERS = 1 / 5;

export function createQueryQueue(options: QueryQueueOptions): QueryQueue {
  const { mostRunning, mostWaiting, onChange } = options;
  const mostOfFlow = mostRunning - Math.floor(mostRunning * PART_FOR_OTHERS);
  // In the order of their turns. A set keeps it, and an aborted query is removed without a search.
  const queues = new Map<string | undefined, Set<Waiting>>();
  const runningOf = new Map<string, number>();
  let running = 0;
  let queued = 0;

  const changed = (): void => onChange?.({ running, waiting: queued });

  function mayRun(flow: string | undefined): boolean {
    if (running >= mostRunning) return false;
    return flow === undefined || (runningOf.get(flow) ?? 0) < mostOfFlow;
  }

  function count(flow: string | undefined, change: 1 | -1): void {
    running += change;
    if (flow === undefined) return;
    const own = (runningOf.get(flow) ?? 0) + change;
    if (own > 0) runningOf.set(flow, own);
    else runningOf.delete(flow);
  }

  function take(flow: string | undefined): () => void {
    count(flow, 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      count(flow, -1);
      admitNext();
      changed();
    };
  }

  /** Of the first flow that may run one more, which is then the last to be next. */
  function admitNext(): void {
    for (const [flow, queue] of queues) {
      const [next] = queue;
      if (next === undefined || !mayRun(flow)) continue;
      next.admit();
      if (queue.size > 0) {
        queues.delete(flow);
        queues.set(flow, queue);
      }
      return;
    }
  }

  function wait(
    flow: string | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const queue = queues.get(flow) ?? new Set();
      queues.set(flow, queue);
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        queue.delete(waiting);
        queued -= 1;
        if (queue.size === 0) queues.delete(flow);
      };
      const waiting: Waiting = {
        admit() {
          leave();
          resolve(take(flow));
        },
        refuse(reason) {
          leave();
          changed();
          reject(reason);
        },
      };
      const giveUp = (): void => waiting.refuse(canceled());
      const timer = setTimeout(() => waiting.refuse(waitedTooLong(timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      queue.add(waiting);
      queued += 1;
      changed();
    });
  }

  return {
    async enter(flow, timeoutMs, signal) {
      if (signal?.aborted) throw canceled();
      if (mayRun(flow)) {
        const leave = take(flow);
        changed();
        return leave;
      }
      if (queued >= mostWaiting) throw full(running, queued);
      return wait(flow, timeoutMs, signal);
    },
    refuseAll(reason) {
      for (const queue of [...queues.values()]) {
        for (const waiting of [...queue]) waiting.refuse(reason);
      }
    },
  };
}

function canceled(): PrometheusError {
  return new PrometheusError('canceled', 'the caller gave up');
}

function waitedTooLong(timeoutMs: number): NotAskedError {
  return new NotAskedError(
    'deadline',
    `not asked: no other query to Prometheus ended within ${Math.round(timeoutMs)} ms`,
  );
}

function full(running: number, waiting: number): NotAskedError {
  return new NotAskedError(
    'queue_full',
    `not asked: ${running} queries to Prometheus are under way and ${waiting} wait already`,
  );
}
