/** A limit on the total size of concurrent work. Work that does not fit waits. */
export interface Room {
  /**
   * Waits until the work fits, in order of arrival.
   *
   * @param size of the work; a size above the limit counts as the limit
   * @param signal ends the wait: rejects with its reason
   * @returns a function that releases the size; may be called again
   */
  enter(size: number, signal: AbortSignal | undefined): Promise<() => void>;
}

interface Waiting {
  readonly size: number;
  readonly admit: () => void;
}

/** @param most the total size of concurrent work */
export function createRoom(most: number): Room {
  const queue = new Set<Waiting>();
  let taken = 0;

  function take(size: number): () => void {
    taken += size;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      taken -= size;
      admitThoseWhoWait();
    };
  }

  function admitThoseWhoWait(): void {
    for (const waiting of queue) {
      if (taken + waiting.size > most) return;
      waiting.admit();
    }
  }

  function wait(size: number, signal: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leaveQueue = (): void => {
        signal?.removeEventListener('abort', giveUp);
        queue.delete(waiting);
      };
      const waiting: Waiting = {
        size,
        admit() {
          leaveQueue();
          resolve(take(size));
        },
      };
      const giveUp = (): void => {
        leaveQueue();
        reject(signal?.reason);
        admitThoseWhoWait();
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      queue.add(waiting);
    });
  }

  return {
    async enter(size, signal) {
      signal?.throwIfAborted();
      const needed = Math.min(size, most);
      if (queue.size === 0 && taken + needed <= most) return take(needed);
      return wait(needed, signal);
    },
  };
}
