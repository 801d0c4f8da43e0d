/** A limited size for work that needs memory: what does not fit waits. */
export interface Room {
  /**
   * Waits until there is room for the work, behind all that waits already.
   *
   * @param size of the work; more than all the room counts as all of it
   * @param signal ends the wait: rejects with its reason
   * @returns gives the room back; may be called again
   */
  enter(size: number, signal: AbortSignal | undefined): Promise<() => void>;
}

interface Waiting {
  readonly size: number;
  readonly admit: () => void;
}

/** @param most the size of all work at the same time */
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
