import { tooManyRequests } from '../status.ts';
import type { Refusal } from './fair-places.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import type { RequestPool } from './request-pools.ts';

/** A request that may have to wait for a review, of its token or of its access. */
export interface ReviewCaller {
  /** Requests of a pool share its turns. */
  readonly pool: RequestPool;
  /** Flows of a pool take turns. */
  readonly flow: string;
  /** Aborted when the request needs no answer any more. */
  readonly signal: AbortSignal;
  /**
   * Called before the request waits, which it does not where the answer is remembered. Throws where
   * it may not wait.
   */
  readonly onWait: () => void;
}

/** Limits how many reviews the API server is asked for at the same time. */
export interface ReviewQueue {
  /**
   * Waits for the turn of a review.
   *
   * @param signal ends the wait: rejects with its reason
   * @returns gives the turn back. Rejects with a Status 429 where there is no room to wait
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
  /** Told of every change. */
  readonly onChange: (
    pool: ReviewedPool,
    now: { readonly running: number; readonly waiting: number },
  ) => void;
  readonly onRejected: (pool: ReviewedPool, reason: Refusal) => void;
}

/** Whose reviews do not wait for one another. */
export type ReviewedPool = 'front_proxy' | 'unproven';

/** The part of the front proxy's requests, which are nearly all requests that there are. */
const FRONT_PROXY_PART = 3 / 4;

/** In seconds: when a client whose review may not wait may try again. */
const RETRY_AFTER = 1;

/** Reviews for requests of the front proxy have turns that others cannot take. */
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
      throw tooManyRequests(RETRY_AFTER);
    },
  };
}

/** At least one. */
function partOf(all: number, part: number): number {
  return Math.max(1, Math.round(all * part));
}
