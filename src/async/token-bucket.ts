/** A token bucket: events at a limited rate in the long run, and a burst after a quiet time. */
export interface TokenBucket {
  /** Takes a token if there is one. */
  tryTake(): boolean;
  /** Takes a token, possibly a future one. Returns the milliseconds until that token exists. */
  reserve(): number;
  /** Returns a token that was reserved and not used. */
  giveBack(): void;
}

export interface TokenBucketOptions {
  readonly tokensPerSecond: number;
  /** The capacity of the bucket, which is full at first; at least 1. */
  readonly burst: number;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

export function createTokenBucket({
  tokensPerSecond,
  burst,
  now = () => performance.now(),
}: TokenBucketOptions): TokenBucket {
  let tokens = burst;
  let refilledAt = now();

  const refill = (): void => {
    const at = now();
    tokens = Math.min(burst, tokens + ((at - refilledAt) / 1000) * tokensPerSecond);
    refilledAt = at;
  };

  return {
    tryTake() {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    reserve() {
      refill();
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / tokensPerSecond) * 1000;
    },
    giveBack() {
      tokens += 1;
    },
  };
}
