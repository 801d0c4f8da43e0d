import type { PrometheusError } from '../client/errors.ts';

/** So many probes must fail after a request has, before Prometheus counts as lost. */
const PROBES_TO_OPEN = 2;

/** Milliseconds before each of them. */
const DOUBT_PAUSE = 75;

/** Milliseconds between two probes while Prometheus is unavailable. */
const OUTAGE_PAUSE = 500;

/** Pauses are longer or shorter by at most this part, so that replicas do not probe in step. */
const JITTER = 0.2;

/** Prometheus is unavailable. */
export interface Outage {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Of the request or probe that failed last. */
  readonly lastError: PrometheusError;
}

/** Knows whether there is a Prometheus to ask. Closed: ask it. Open: do not, it is lost. */
export interface Circuit {
  /** Undefined: the circuit is closed. */
  outage(): Outage | undefined;
  /** Prometheus has answered a request, if only by a refusal. */
  heard(): void;
  /** A request has failed like one to a dead Prometheus. */
  failed(error: PrometheusError): void;
  /** Prometheus has answered nothing at all, a probe included: it is lost. */
  silent(error: PrometheusError): void;
  /** Ends all probing. */
  stop(): void;
}

export interface CircuitOptions {
  /**
   * Finds out whether Prometheus lives.
   *
   * @param after the failure that raises the question
   * @returns undefined if it does; never rejects
   */
  readonly probe: (after: PrometheusError) => Promise<PrometheusError | undefined>;
  readonly onOpen: (outage: Outage) => void;
  /** @param outage the one that is over */
  readonly onClose: (outage: Outage) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/**
 * A request that fails only raises a doubt, for it may have failed by itself: the circuit opens when
 * probes fail as well, one right after the other, and no request is answered meanwhile. It is closed
 * by a probe, too: no user's request is spent on finding out.
 */
export function createCircuit(options: CircuitOptions): Circuit {
  const { probe, onOpen, onClose, now = Date.now, random = Math.random } = options;
  let outage: Outage | undefined;
  let isDoubting = false;
  let isStopped = false;
  let answers = 0;
  let outages = 0;
  const timers = new Set<NodeJS.Timeout>();

  /** Never ends once the circuit is stopped. */
  function pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (isStopped) return promise;
    const pauseEnds = (): void => {
      timers.delete(timer);
      resolve();
    };
    const timer = setTimeout(pauseEnds, milliseconds * (1 + JITTER * (2 * random() - 1)));
    timer.unref();
    timers.add(timer);
    return promise;
  }

  async function doubt(first: PrometheusError): Promise<void> {
    const answersBefore = answers;
    let lastError = first;
    for (let failed = 0; failed < PROBES_TO_OPEN; failed += 1) {
      await pause(DOUBT_PAUSE);
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
      await pause(OUTAGE_PAUSE);
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
    heard() {
      answers += 1;
      close();
    },
    failed(error) {
      if (isDoubting || isStopped || outage !== undefined) return;
      isDoubting = true;
      void doubt(error).finally(() => {
        isDoubting = false;
      });
    },
    silent: open,
    stop() {
      isStopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
