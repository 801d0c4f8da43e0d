import { PrometheusError } from './errors.ts';
import { NotAskedError } from './not-asked.ts';

/** Lets so many queries run at once; the others wait in the order in which they came. */
export interface QueryQueue {
  /**
   * Waits for a place.
   *
   * @param timeoutMs how long, in milliseconds
   * @param signal the caller's own: whoever gives up leaves the queue at once
   * @returns gives the place back; to be called when the query has ended, however it did
   * @throws NotAskedError `queue_full` at once, `deadline` after that time, or what `refuseAll` is
   *   given; PrometheusError `canceled` when the signal says so
   */
  enter(timeoutMs: number, signal: AbortSignal | undefined): Promise<() => void>;
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

export function createQueryQueue(options: QueryQueueOptions): QueryQueue {
  const { mostRunning, mostWaiting, onChange } = options;
  // A set keeps the order, and whoever gives up leaves it without a search.
  const queue = new Set<Waiting>();
  let running = 0;

  const changed = (): void => onChange?.({ running, waiting: queue.size });

  function take(): () => void {
    running += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      running -= 1;
      const [next] = queue;
      next?.admit();
      changed();
    };
  }

  function wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        queue.delete(waiting);
      };
      const waiting: Waiting = {
        admit() {
          leave();
          resolve(take());
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
      changed();
    });
  }

  return {
    async enter(timeoutMs, signal) {
      if (signal?.aborted) throw canceled();
      if (running < mostRunning) {
        const leave = take();
        changed();
        return leave;
      }
      if (queue.size >= mostWaiting) throw full(mostRunning, mostWaiting);
      return wait(timeoutMs, signal);
    },
    refuseAll(reason) {
      for (const waiting of [...queue]) waiting.refuse(reason);
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
