/** For how long changes may have been missed. */
export interface Staleness {
  /** The API server has just sent something: all changes are known. */
  fresh(): void;
  /** The watch has ended: from now on, changes may be missed. */
  stale(): void;
  /** In milliseconds; 0 while a watch is open. */
  staleForMs(): number;
}

/** Stale at first. @param now a clock in milliseconds */
export function createStaleness(now: () => number): Staleness {
  let staleSince: number | undefined = now();
  return {
    fresh() {
      staleSince = undefined;
    },
    stale() {
      staleSince ??= now();
    },
    staleForMs: () => (staleSince === undefined ? 0 : now() - staleSince),
  };
}
