import { createFairPlaces, type Refusal } from './fair-places.ts';

/** Lets so many calls of all flows run at once; the others wait, and the flows take turns. */
export interface FairQueue {
  /**
   * Waits for a turn.
   *
   * @param signal ends the wait: rejects with its reason
   * @returns gives the turn back; to be called when the call has ended, however it did. Or why the
   *   flow may not wait
   */
  enter(flow: string, signal: AbortSignal): Promise<(() => void) | Refusal>;
}

export interface FairQueueOptions {
  readonly mostRunning: number;
  readonly mostWaiting: number;
  /** Told of every change. */
  readonly onChange: (now: { readonly running: number; readonly waiting: number }) => void;
}

/** A call that waits. */
interface Waiting {
  readonly admit: (leave: () => void) => void;
}

/** Both the turns and the places to wait are shared as {@link createFairPlaces} says. */
export function createFairQueue(options: FairQueueOptions): FairQueue {
  const running = createFairPlaces(options.mostRunning);
  const room = createFairPlaces(options.mostWaiting);
  // In the order of their turns. A set keeps the order of a flow's calls, and any of them can leave.
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

  /** Admits a call of the first flow that may have one more, which is then the last to be next. */
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
