/** Bounds of the object index; times in milliseconds. */
export interface ObjectIndexLimits {
  /** Objects of one resource above which there is no index of it; 0: there is none of any. */
  readonly maxObjects: number;
  /** Indexes at a time: each keeps a connection open. */
  readonly maxIndexes: number;
  /** After how long without a request an index is dropped. */
  readonly idleMs: number;
  /** How long a request waits for the first list before it is answered by a listing of its own. */
  readonly patienceMs: number;
  /** How long an index is served from after contact with the API server was lost. */
  readonly staleMs: number;
  /** How long a watch may say nothing; the API server sends a bookmark every minute. */
  readonly silenceMs: number;
  /** After how long an open watch that says nothing counts as contact. */
  readonly settleMs: number;
  /** The shortest time a watch is asked to last; the longest is twice that. */
  readonly watchMs: number;
  /** The first wait after a failure, and the longest. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /**
   * When what could not be indexed is tried again: too many objects, or not allowed. Short at first,
   * as an API server that starts may say so of what it does not know yet.
   */
  readonly unfitMs: number;
  readonly maxUnfitMs: number;
  /** An event, in bytes. etcd itself takes no object of more than 1.5 MiB. */
  readonly maxEventBytes: number;
}

export const defaultLimits: ObjectIndexLimits = {
  maxObjects: 200_000,
  maxIndexes: 16,
  idleMs: 10 * 60_000,
  patienceMs: 5_000,
  staleMs: 60_000,
  silenceMs: 75_000,
  settleMs: 5_000,
  watchMs: 5 * 60_000,
  retryMs: 250,
  maxRetryMs: 5_000,
  unfitMs: 10_000,
  maxUnfitMs: 60 * 60_000,
  maxEventBytes: 2 * 1024 * 1024,
};
