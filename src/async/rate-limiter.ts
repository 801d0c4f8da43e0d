import { sleep } from './sleep.ts';
import { createTokenBucket } from './token-bucket.ts';

/** Delays callers so that they pass at a limited rate, in order of arrival. */
export interface RateLimiter {
  /**
   * Resolves when the caller may proceed.
   *
   * @throws the reason of the signal if it is aborted before; the next caller then gets the token
   */
  acquire(signal: AbortSignal): Promise<void>;
}

/**
 * A token bucket, with the meaning of client-go's `--client-qps` and `--client-burst`.
 *
 * @param limits.qps requests per second in the long run; no limit if undefined, zero, negative or not
 *   finite
 * @param limits.burst requests that may be sent at once after a quiet time; at least one
 */
export function createRateLimiter(limits: {
  qps?: number | undefined;
  burst?: number | undefined;
}): RateLimiter {
  const { qps = 0 } = limits;
  if (!(qps > 0 && Number.isFinite(qps))) return UNLIMITED;

  const burst = Math.max(1, Math.floor(limits.burst ?? qps));
  const bucket = createTokenBucket({ tokensPerSecond: qps, burst });
  return {
    async acquire(signal) {
      signal.throwIfAborted();
      const waitMs = bucket.reserve();
      if (waitMs === 0) return;
      await sleep(waitMs, signal, { ref: true });
      if (!signal.aborted) return;
      bucket.giveBack();
      throw signal.reason;
    },
  };
}

const UNLIMITED: RateLimiter = {
  async acquire(signal) {
    signal.throwIfAborted();
  },
};
