/** In milliseconds. */
const SLICE = 3;

/** Starts requests: many that come at once take turns with everything else. */
export interface RequestTurns {
  /**
   * Starts a request now, or soon where this turn of the event loop has had enough of them. Those of
   * a connection keep their order; connections take turns.
   */
  run(connection: object, start: () => void): void;
}

/** A client can send hundreds of requests at once, and reading them all would block the event loop. */
export function createRequestTurns(): RequestTurns {
  const waiting = new Map<object, (() => void)[]>();
  /** When the slice of this turn ends; undefined: it has not begun. */
  let end: number | undefined;

  const isOver = (): boolean => {
    if (end !== undefined) return performance.now() >= end;
    end = performance.now() + SLICE;
    setImmediate(nextTurn);
    return false;
  };

  const nextTurn = (): void => {
    end = undefined;
    while (waiting.size > 0 && !isOver()) startNext();
  };

  const startNext = (): void => {
    const [next] = waiting;
    if (next === undefined) return;
    const [connection, starts] = next;
    waiting.delete(connection);
    const [start, ...others] = starts;
    if (others.length > 0) waiting.set(connection, others);
    start?.();
  };

  return {
    run(connection, start) {
      const starts = waiting.get(connection);
      if (starts !== undefined) starts.push(start);
      else if (isOver()) waiting.set(connection, [start]);
      else start();
    },
  };
}
