import { createFairSlots, type SlotRejection } from './fair-slots.ts';

/** Limits the number of concurrent calls. Others wait, and flows are served round-robin. */
export interface FairQueue {
  /**
   * Waits until the call may run.
   *
   * @param signal ends the wait: rejects with its reason
   * @returns a function to be called when the call has ended, successfully or not; or the reason why
   *   the flow cannot wait
   */
  enter(flow: string, signal: AbortSignal): Promise<(() => void) | SlotRejection>;
}

export interface FairQueueOptions {
  readonly mostRunning: number;
  readonly mostWaiting: number;
  /** Called on every change. */
  readonly onChange: (now: { readonly running: number; readonly waiting: number }) => void;
}

/** A waiting call. */
interface Waiting {
  readonly admit: (leave: () => void) => void;
}

/** Running calls and the slots in the queue are each divided as by {@link createFairSlots}. */
export function createFairQueue(options: FairQueueOptions): FairQueue {
  const running = createFairSlots(options.mostRunning);
  const room = createFairSlots(options.mostWaiting);
  // In round-robin order. A set keeps the order of a flow's calls, and any of them can be removed.
  const flows = new Map<string, Set<Waiting>>();

  const changed = (): void => options.onChange({ running: running.taken, waiting: room.taken });

  const start = (flow: string): (() => void) | undefined => {
    const giveBack = running.take(flow);
    if (typeof giveBack === 'string') return undefined;
    return () => {
      giveBack();
      while (admitNext());
      changed();
    };
  };

  /** Starts a call of the first flow that may run one more, and moves that flow to the end. */
  const admitNext = (): boolean => {
    for (const [flow, calls] of flows) {
      const [next] = calls;
      const leave = next && start(flow);
      if (next === undefined || leave === undefined) continue;
      next.admit(leave);
      flows.delete(flow);
      if (calls.size > 0) flows.set(flow, calls);
      return true;
    }
    return false;
  };

  const wait = (flow: string, leaveRoom: () => void, signal: AbortSignal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const calls = flows.get(flow) ?? new Set();
      flows.set(flow, calls);
      const stopWaiting = (): void => {
        signal.removeEventListener('abort', giveUp);
        leaveRoom();
        calls.delete(waiting);
      };
      const waiting: Waiting = {
        admit(leave) {
          stopWaiting();
          resolve(leave);
        },
      };
      const giveUp = (): void => {
        stopWaiting();
        if (calls.size === 0) flows.delete(flow);
        changed();
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      calls.add(waiting);
    });

  return {
    async enter(flow, signal) {
      signal.throwIfAborted();
      const leave = flows.has(flow) ? undefined : start(flow);
      const leaveRoom = leave === undefined ? room.take(flow) : undefined;
      changed();
      if (leave !== undefined) return leave;
      return typeof leaveRoom === 'function'
        ? wait(flow, leaveRoom, signal)
        : (leaveRoom ?? 'full');
    },
  };
}
