import { PrometheusError, rejectedRequest } from '../errors.ts';

/**
 * Limits the number of concurrent queries; further queries wait. Flows are served round-robin, and the
 * queries of a flow in order of arrival. A flow is one client, such as a user.
 */
export interface QueryQueue {
  /**
   * Waits until the query may run.
   *
   * @param flow undefined: a flow that may use all slots
   * @param timeoutMs the maximum time to wait, in milliseconds
   * @param signal the signal of the caller; when it aborts, the query leaves the queue at once
   * @returns a function that frees the slot; call it when the query has ended, successfully or not
   * @throws PrometheusError `rejected` with the reason `queue_full` at once or `deadline` after the
   *   timeout; `canceled` when the signal aborts; the reason given to `rejectAll`
   */
  enter(
    flow: string | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<() => void>;
  /** Rejects all waiting queries. */
  rejectAll(reason: Error): void;
}

export interface QueryQueueOptions {
  readonly mostRunning: number;
  /** 0: no query waits. */
  readonly mostWaiting: number;
  /** Called on every change. */
  readonly onChange?: (now: { readonly running: number; readonly waiting: number }) => void;
}

/** A waiting query. */
interface Waiting {
  readonly admit: () => void;
  readonly reject: (reason: Error) => void;
}

/** The fraction of all slots that a flow leaves to others. */
const PART_FOR_OTHERS = 1 / 5;

export function createQueryQueue(options: QueryQueueOptions): QueryQueue {
  const { mostRunning, mostWaiting, onChange } = options;
  const mostOfFlow = mostRunning - Math.floor(mostRunning * PART_FOR_OTHERS);
  // In round-robin order. Sets, so that an aborted query is removed without a search.
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

  /** Admits a query of the first flow that may run one more. That flow then moves to the end. */
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
    return new Promise((resolve, rejectWait) => {
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
        reject(reason) {
          leave();
          changed();
          rejectWait(reason);
        },
      };
      const giveUp = (): void => waiting.reject(canceled());
      const timer = setTimeout(() => waiting.reject(waitedTooLong(timeoutMs)), timeoutMs);
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
    rejectAll(reason) {
      for (const queue of [...queues.values()]) {
        for (const waiting of [...queue]) waiting.reject(reason);
      }
    },
  };
}

function canceled(): PrometheusError {
  return new PrometheusError('canceled', 'the caller cancelled the request');
}

function waitedTooLong(timeoutMs: number): PrometheusError {
  return rejectedRequest(
    'deadline',
    `request rejected: it waited in the queue for ${Math.round(timeoutMs)} ms, its whole timeout`,
  );
}

function full(running: number, waiting: number): PrometheusError {
  return rejectedRequest(
    'queue_full',
    `request rejected: the queue is full, with ${running} running and ${waiting} waiting queries to Prometheus`,
  );
}
