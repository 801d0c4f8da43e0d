/** The time-out is counted in so many ticks. */
const TICKS = 15;

/** After so many of them without a byte a probe is sent. */
const TICKS_TO_PROBE = 5;

/** Watches whether anything comes while somebody waits. */
export interface SilenceWatch {
  /** A request has been sent. */
  begin(): void;
  /** A request has been answered. */
  heard(): void;
  stop(): void;
}

export interface SilenceWatchOptions {
  /** After how much silence `onSilent` is called, in milliseconds; 0: never. */
  readonly timeoutMs: number;
  readonly isAnyoneWaiting: () => boolean;
  /** Whether a byte of any answer has come since this was asked last. */
  readonly hasReceived: () => boolean;
  /**
   * Asks for something that is quickly answered by whoever is alive.
   *
   * @returns when the answer is there, or cannot come, which both break the silence; never rejects
   */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  readonly onSilent: () => void;
}

/**
 * A Prometheus that takes long is told from one that is dead by a probe: after a third of the time
 * without a byte it is sent, and if nothing has come at the end of the time, nothing will.
 *
 * The time is counted in ticks of a timer between which answers are read, and not by the clock: when
 * this process itself has stood still, answers that came meanwhile are seen before it is over.
 */
export function watchSilence(options: SilenceWatchOptions): SilenceWatch {
  const { timeoutMs, isAnyoneWaiting, hasReceived, probe, onSilent } = options;
  let timer: NodeJS.Timeout | undefined;
  let verdict: NodeJS.Immediate | undefined;
  let silentTicks = 0;
  let probing: AbortController | undefined;

  function tick(): void {
    if (!isAnyoneWaiting()) rest();
    else if (hasReceived()) heard();
    else goOnInSilence();
  }

  function goOnInSilence(): void {
    silentTicks += 1;
    if (silentTicks === TICKS_TO_PROBE) void sendProbe();
    // Before the verdict, what arrived while this process stood still is read.
    if (silentTicks === TICKS) verdict = setImmediate(judge);
  }

  function judge(): void {
    if (silentTicks < TICKS) return;
    if (hasReceived()) {
      heard();
    } else {
      rest();
      onSilent();
    }
  }

  async function sendProbe(): Promise<void> {
    probing?.abort();
    const mine = new AbortController();
    probing = mine;
    await probe(mine.signal);
    if (probing === mine) heard();
  }

  function heard(): void {
    silentTicks = 0;
  }

  function rest(): void {
    clearInterval(timer);
    clearImmediate(verdict);
    timer = undefined;
    silentTicks = 0;
    const given = probing;
    probing = undefined;
    given?.abort();
  }

  return {
    begin() {
      if (timeoutMs === 0 || timer !== undefined) return;
      hasReceived();
      timer = setInterval(tick, timeoutMs / TICKS);
      timer.unref();
    },
    heard,
    stop: rest,
  };
}
