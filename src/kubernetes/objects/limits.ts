import { defaultInformerLimits, type InformerLimits } from '../informer/informer.ts';

/** Limits of the object index. `maxObjects`: per resource; 0: no index. */
export interface ObjectIndexLimits extends InformerLimits {
  /** The number of indexes. Each keeps a connection open. */
  readonly maxIndexes: number;
  /** An index without requests for this long is dropped. */
  readonly idleMs: number;
  /** How long a request waits for the first list before it lists its own objects. */
  readonly firstListTimeoutMs: number;
  /** How long an index is served while the API server is unreachable. */
  readonly maxStaleMs: number;
}

export const defaultLimits: ObjectIndexLimits = {
  ...defaultInformerLimits,
  maxIndexes: 16,
  idleMs: 10 * 60_000,
  firstListTimeoutMs: 5_000,
  maxStaleMs: 60_000,
};
