/** Whether the API server is being heard, and since when not. */
export interface Contact {
  /** It has just said something, so nothing is missing. */
  heard(): void;
  /** The watch is over; what happens from now on is not known. */
  lost(): void;
  /** For how many milliseconds changes may have gone unnoticed; 0 while in contact. */
  lostForMs(): number;
}

/** @param now a clock in milliseconds; contact begins as lost at this moment. */
export function createContact(now: () => number): Contact {
  let lostSince: number | undefined = now();
  return {
    heard() {
      lostSince = undefined;
    },
    lost() {
      lostSince ??= now();
    },
    lostForMs: () => (lostSince === undefined ? 0 : now() - lostSince),
  };
}
