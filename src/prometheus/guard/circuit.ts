import type { PrometheusError } from '../errors.ts';

/** The number of probes that must fail after a failed request before the circuit opens. */
const PROBES_TO_OPEN = 2;

/** The delay before each of these probes. */
const CHECK_PAUSE_MS = 75;

/** The delay between two probes during an outage. */
const OUTAGE_PAUSE_MS = 500;

/** Delays vary by at most this fraction, so that replicas do not probe at the same time. */
const JITTER = 0.2;

/** Prometheus is unavailable. */
export interface Outage {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The error of the last failed request or probe. */
  readonly lastError: PrometheusError;
}

/** A circuit breaker. It is closed while Prometheus is available, and open during an outage. */
export interface Circuit {
  /** Undefined if the circuit is closed. */
  outage(): Outage | undefined;
  /** Prometheus responded to a request, possibly with an error. */
  responded(): void;
  /** A request failed in a way that suggests an outage. */
  failed(error: PrometheusError): void;
  /** Prometheus responded neither to requests nor to a probe: the circuit opens at once. */
  stalled(error: PrometheusError): void;
  /** Ends all probing. */
  stop(): void;
}

export interface CircuitOptions {
  /**
   * Checks whether Prometheus is available.
   *
   * @param after the error of the last request or probe
   * @returns the error, undefined if it is available; never rejects
   */
  readonly probe: (after: PrometheusError) => Promise<PrometheusError | undefined>;
  readonly onOpen: (outage: Outage) => void;
  readonly onClose: (outage: Outage) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/**
 * A failed request does not open the circuit, since the failure may concern that request only. The circuit
 * opens if probes fail as well, one after the other, and no request gets a response in the meantime. A
 * probe closes it, so that no request of a user has to test the server.
 */
export function createCircuit(options: CircuitOptions): Circuit {
  const { probe, onOpen, onClose, now = Date.now, random = Math.random } = options;
  let outage: Outage | undefined;
  let isChecking = false;
  let isStopped = false;
  let answers = 0;
  let outages = 0;
  const timers = new Set<NodeJS.Timeout>();

  /** Never resolves after the circuit is stopped. */
  function pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (isStopped) return promise;
    const pauseEnds = (): void => {
      timers.delete(timer);
      resolve();
    };
    const timer = setTimeout(pauseEnds, delayMs * (1 + JITTER * (2 * random() - 1)));
    timer.unref();
    timers.add(timer);
    return promise;
  }

  async function confirmOutage(first: PrometheusError): Promise<void> {
    const answersBefore = answers;
    let lastError = first;
    for (let failed = 0; failed < PROBES_TO_OPEN; failed += 1) {
      await pause(CHECK_PAUSE_MS);
      if (outage !== undefined || answers > answersBefore) return;
      const error = await probe(lastError);
      if (error === undefined || answers > answersBefore) return;
      lastError = error;
    }
    open(lastError);
  }

  function open(lastError: PrometheusError): void {
    if (isStopped || outage !== undefined) return;
    outage = { since: now(), lastError };
    outages += 1;
    onOpen(outage);
    void probeUntilBack(outages);
  }

  async function probeUntilBack(number: number): Promise<void> {
    const current = (): Outage | undefined => (outages === number ? outage : undefined);
    for (;;) {
      await pause(OUTAGE_PAUSE_MS);
      const before = current();
      if (before === undefined) return;
      const lastError = await probe(before.lastError);
      const after = current();
      if (after === undefined) return;
      if (lastError === undefined) {
        close();
        return;
      }
      outage = { ...after, lastError };
    }
  }

  function close(): void {
    if (outage === undefined || isStopped) return;
    const past = outage;
    outage = undefined;
    onClose(past);
  }

  return {
    outage: () => outage,
    responded() {
      answers += 1;
      close();
    },
    failed(error) {
      if (isChecking || isStopped || outage !== undefined) return;
      isChecking = true;
      void confirmOutage(error).finally(() => {
        isChecking = false;
      });
    },
    stalled: open,
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
