import { tooManyRequests } from '../status.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import type { SlotRejection } from './fair-slots.ts';

/** Limits the number of concurrent reviews. */
export interface ReviewQueue {
  /**
   * Waits until the review may be sent.
   *
   * @param signal ends the wait: rejects with its reason
   * @returns a function to be called when the review has ended. Rejects with a Status 429 if the queue
   *   is full
   */
  enter(
    caller: { readonly pool: string; readonly flow: string },
    signal: AbortSignal,
  ): Promise<() => void>;
}

export interface ReviewQueueOptions {
  /** For all pools together. */
  readonly mostRunning: number;
  readonly mostWaiting: number;
  /** Called on every change. */
  readonly onChange: (
    pool: ReviewedPool,
    now: { readonly running: number; readonly waiting: number },
  ) => void;
  readonly onRejected: (pool: ReviewedPool, reason: SlotRejection) => void;
}

/** Reviews of one pool do not wait for those of the other. */
export type ReviewedPool = 'front_proxy' | 'unproven';

/** The part for requests of the front proxy, which sends nearly all requests. */
const FRONT_PROXY_PART = 3 / 4;

/** When a client whose review was rejected may retry. */
const RETRY_AFTER_SECONDS = 1;

/** A part of the limit is reserved for reviews for requests of the front proxy. */
export function createReviewQueue(options: ReviewQueueOptions): ReviewQueue {
  const lane = (pool: ReviewedPool, part: number): FairQueue =>
    createFairQueue({
      mostRunning: partOf(options.mostRunning, part),
      mostWaiting: partOf(options.mostWaiting, part),
      onChange: (now) => options.onChange(pool, now),
    });
  const lanes = {
    front_proxy: lane('front_proxy', FRONT_PROXY_PART),
    unproven: lane('unproven', 1 - FRONT_PROXY_PART),
  };
  return {
    async enter({ pool, flow }, signal) {
      const reviewed = pool === 'front_proxy' ? 'front_proxy' : 'unproven';
      const leave = await lanes[reviewed].enter(flow, signal);
      if (typeof leave === 'function') return leave;
      options.onRejected(reviewed, leave);
      throw tooManyRequests(RETRY_AFTER_SECONDS);
    },
  };
}

/** At least one. */
function partOf(all: number, part: number): number {
  return Math.max(1, Math.round(all * part));
}
