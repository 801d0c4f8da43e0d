const SLICE_MS = 3;

/** Starts requests, and ends those of closed connections, in time slices between other work. */
export interface RequestScheduler {
  /**
   * Starts a request now, or soon if the slice of this turn of the event loop is used up. Requests of a
   * connection start in order; connections are served round-robin.
   */
  start(connection: object, start: () => void): void;
  /**
   * Takes steps until one returns false, and starts no more requests of the connection. Steps
   * alternate with starts: a closed connection uses memory until its requests have ended, and new requests
   * must not use memory faster than it is released.
   */
  end(connection: object, step: () => boolean): void;
}

/** A client can send hundreds of requests at once. Starting them all would block the event loop. */
export function createRequestScheduler(): RequestScheduler {
  const waiting = new Map<object, (() => void)[]>();
  const ending = new Set<() => boolean>();
  /** When the slice of this turn ends; undefined: it has not begun. */
  let end: number | undefined;

  const isOver = (): boolean => {
    if (end !== undefined) return performance.now() >= end;
    end = performance.now() + SLICE_MS;
    setImmediate(nextTurn);
    return false;
  };

  const nextTurn = (): void => {
    end = undefined;
    while ((waiting.size > 0 || ending.size > 0) && !isOver()) {
      endNext();
      startNext();
    }
  };

  const endNext = (): void => {
    const [step] = ending;
    if (step !== undefined && !step()) ending.delete(step);
  };

  const startNext = (): void => {
    const [next] = waiting;
    if (next === undefined) return;
    const [connection, starts] = next;
    const start = starts.shift();
    waiting.delete(connection);
    if (starts.length > 0) waiting.set(connection, starts);
    start?.();
  };

  return {
    start(connection, start) {
      const starts = waiting.get(connection);
      if (starts !== undefined) starts.push(start);
      else if (isOver()) waiting.set(connection, [start]);
      else start();
    },
    end(connection, step) {
      waiting.delete(connection);
      ending.add(step);
      // A slice that is over has the next one scheduled.
      if (!isOver()) endNext();
    },
  };
}
