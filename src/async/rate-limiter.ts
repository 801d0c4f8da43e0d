/** Lets callers pass at a limited rate, in the order in which they came. */
export interface RateLimiter {
  /**
   * Resolves when the caller may go on.
   *
   * @throws the signal's reason when it aborts before; that turn then goes to somebody else.
   */
  acquire(signal: AbortSignal): Promise<void>;
}

/**
 * A token bucket, as client-go's flags `--client-qps` and `--client-burst` mean it.
 *
 * @param limits.qps requests a second in the long run; no limit where it is undefined, zero, negative or
 *   not finite.
 * @param limits.burst requests that may go at once after a quiet time; at least one.
 */
export function createRateLimiter(limits: {
  qps?: number | undefined;
  burst?: number | undefined;
}): RateLimiter {
  const { qps = 0 } = limits;
  if (!(qps > 0 && Number.isFinite(qps))) return unlimited;

  const burst = Math.max(1, Math.floor(limits.burst ?? qps));
  let tokens = burst;
  let refilledAt = performance.now();

  /** Takes a token, maybe one that is still to come, and says how long until it is there. */
  const reserve = (): number => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - refilledAt) / 1000) * qps);
    refilledAt = now;
    tokens -= 1;
    return tokens >= 0 ? 0 : (-tokens / qps) * 1000;
  };

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      const waitMs = reserve();
      if (waitMs === 0) return;
      try {
        await sleep(waitMs, signal);
      } catch (error) {
        tokens += 1;
        throw error;
      }
    },
  };
}

const unlimited: RateLimiter = {
  async acquire(signal) {
    signal.throwIfAborted();
  },
};

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
