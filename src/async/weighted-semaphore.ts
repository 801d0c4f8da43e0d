/** Limits the total weight of concurrent work. Work that does not fit waits, first come, first served. */
export interface WeightedSemaphore {
  /**
   * Waits until the work fits, in order of arrival.
   *
   * @param weight a weight above the capacity counts as the capacity
   * @param signal ends the wait: rejects with its reason
   * @returns a function that releases the weight; further calls have no effect
   */
  acquire(weight: number, signal: AbortSignal | undefined): Promise<() => void>;
}

interface Waiter {
  readonly weight: number;
  readonly admit: () => void;
}

/** @param capacity the greatest total weight of concurrent work */
export function createWeightedSemaphore(capacity: number): WeightedSemaphore {
  const queue = new Set<Waiter>();
  let inUse = 0;

  function take(weight: number): () => void {
    inUse += weight;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      inUse -= weight;
      admitWaiters();
    };
  }

  function admitWaiters(): void {
    for (const waiter of queue) {
      if (inUse + waiter.weight > capacity) return;
      waiter.admit();
    }
  }

  function wait(weight: number, signal: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        signal?.removeEventListener('abort', onAbort);
        queue.delete(waiter);
      };
      const waiter: Waiter = {
        weight,
        admit() {
          leaveQueue();
          resolve(take(weight));
        },
      };
      const onAbort = (): void => {
        leaveQueue();
        reject(signal?.reason);
        admitWaiters();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.add(waiter);
    });
  }

  return {
    async acquire(weight, signal) {
      signal?.throwIfAborted();
      const needed = Math.min(weight, capacity);
      if (queue.size === 0 && inUse + needed <= capacity) return take(needed);
      return wait(needed, signal);
    },
  };
}
