/** The timeout is counted in this number of ticks. */
const TICKS = 15;

/** A probe is sent after this number of ticks without data. */
const TICKS_TO_PROBE = 5;

/** Detects that no data arrives while requests are in flight. */
export interface StallDetector {
  /** A request was sent. */
  begin(): void;
  /** A response arrived. */
  responded(): void;
  stop(): void;
}

export interface StallDetectorOptions {
  /** Without data for this time, in milliseconds, `onStall` is called; 0: never. */
  readonly timeoutMs: number;
  /** Whether a request is in flight. */
  readonly isWaiting: () => boolean;
  /** Whether data of any response has arrived since the last call. */
  readonly hasReceived: () => boolean;
  /**
   * Sends a request that an available server answers at once.
   *
   * @returns resolves when there is a response or an error, which both end the stall; never rejects
   */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  readonly onStall: () => void;
}

/**
 * Distinguishes a slow Prometheus from one that hangs: after a third of the timeout without data it sends a
 * probe, and if nothing has arrived at the end of the timeout, Prometheus hangs.
 *
 * The time is counted in ticks of a timer, not by the clock. If this process itself was stopped, responses
 * that have arrived in the meantime are read before the timeout ends.
 */
export function createStallDetector(options: StallDetectorOptions): StallDetector {
  const { timeoutMs, isWaiting, hasReceived, probe, onStall } = options;
  let timer: NodeJS.Timeout | undefined;
  let verdict: NodeJS.Immediate | undefined;
  let ticksWithoutData = 0;
  let probing: AbortController | undefined;

  function tick(): void {
    if (!isWaiting()) stop();
    else if (hasReceived()) responded();
    else countTick();
  }

  function countTick(): void {
    ticksWithoutData += 1;
    if (ticksWithoutData === TICKS_TO_PROBE) void sendProbe();
    // Data that arrived while this process was stopped is read first.
    if (ticksWithoutData === TICKS) verdict = setImmediate(judge);
  }

  function judge(): void {
    if (ticksWithoutData < TICKS) return;
    if (hasReceived()) {
      responded();
    } else {
      stop();
      onStall();
    }
  }

  async function sendProbe(): Promise<void> {
    probing?.abort();
    const current = new AbortController();
    probing = current;
    await probe(current.signal);
    if (probing === current) responded();
  }

  function responded(): void {
    ticksWithoutData = 0;
  }

  function stop(): void {
    clearInterval(timer);
    clearImmediate(verdict);
    timer = undefined;
    ticksWithoutData = 0;
    const current = probing;
    probing = undefined;
    current?.abort();
  }

  return {
    begin() {
      if (timeoutMs === 0 || timer !== undefined) return;
      hasReceived();
      timer = setInterval(tick, timeoutMs / TICKS);
      timer.unref();
    },
    responded,
    stop,
  };
}
