import { setTimeout as sleep } from 'node:timers/promises';
import { createRetryBudget } from '../../async/retry-budget.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
  type QueryOptions,
} from '../client/client.ts';
import { connect } from '../client/connection.ts';
import { PrometheusError } from '../client/errors.ts';
import { DEFAULT_QUERY_TIMEOUT_MS, type PrometheusOptions } from '../client/options.ts';
import { createCircuit, type Outage } from './circuit.ts';
import { isSignOfDeath, isSignOfLife } from './failure-classification.ts';
import { NotAskedError, type NotAskedReason } from './not-asked.ts';
import { createProbes } from './probes.ts';
import { createQueryQueue } from './query-queue.ts';
import { createRunningRequests } from './running-requests.ts';
import { watchSilence } from './stall-detector.ts';

/** A failure that comes later than this is not tried again, in milliseconds. */
const QUICK_MS = 250;

/** Milliseconds before a query is tried again, and at most so many more. */
const RETRY_PAUSE_MS = 50;
const RETRY_JITTER_MS = 100;

/** The least time that a probe gets, in milliseconds. */
const PROBE_TIMEOUT_MS = 1_000;

export interface GuardOptions {
  /** How many queries Prometheus gets at once. */
  readonly maxConcurrency: number;
  /** How many may wait for that. */
  readonly maxQueued: number;
  /** How long nothing at all may come, in milliseconds, until Prometheus counts as lost; 0: forever. */
  readonly stallTimeoutMs: number;
  readonly observer: GuardObserver;
}

/** Told of what a guarded client does besides asking. */
export interface GuardObserver {
  readonly queueChanged: (now: { readonly running: number; readonly waiting: number }) => void;
  /** A query was let through, after so many seconds. */
  readonly waited: (seconds: number) => void;
  readonly notAsked: (reason: NotAskedReason) => void;
  readonly retried: (error: PrometheusError) => void;
  readonly lost: (outage: Outage) => void;
  /** @param outage the one that is over */
  readonly back: (outage: Outage) => void;
}

/** Every method throws NotAskedError besides what those of a PrometheusClient throw. */
export interface GuardedClient extends PrometheusClient {
  /** Called from now on when a Prometheus that was lost is back. */
  onBack(listener: () => void): void;
}

/**
 * A client that neither overruns its Prometheus nor waits for a dead one:
 * - so many queries are under way at once, others wait in a queue; their time-out is for both, and
 *   what is left of it is told to Prometheus;
 * - a query that fails at once for want of a Prometheus is tried once more, within a budget;
 * - where Prometheus is lost, everything fails at once until a probe finds it back.
 *
 * Requests for series and labels take no place in the queue: how many there are is up to the caller.
 *
 * @throws PrometheusOptionsError as `createPrometheusClient`
 */
export function createGuardedClient(options: PrometheusOptions & GuardOptions): GuardedClient {
  const { observer } = options;
  const connection = connect(options);
  const client = createPrometheusClient(options, connection);
  // What may be silent for longer may take as long for the answer to a probe; and a probe that gave
  // up before the silence is over would break it.
  const probeTimeoutMs = Math.max(PROBE_TIMEOUT_MS, options.stallTimeoutMs);
  const probes = createProbes(options, connection, probeTimeoutMs);
  const requests = createRunningRequests();
  const budget = createRetryBudget();
  const listeners: (() => void)[] = [];
  const queue = createQueryQueue({
    mostRunning: options.maxConcurrency,
    mostWaiting: options.maxQueued,
    onChange: observer.queueChanged,
  });

  const circuit = createCircuit({
    // Whoever answers that it cannot answer queries is asked one. Whoever does not answer at all is
    // back with any answer, also one with a query engine that is busy.
    probe: ({ status }) => (status === undefined ? probes.byRequest() : probes.byQuery()),
    onOpen(outage) {
      observer.lost(outage);
      queue.refuseAll(notAsked(outage));
      if (outage.lastError.status === undefined) {
        requests.giveUpAll(givenUp(outage));
        // Connections may lead to where Prometheus was.
        connection.close();
      }
    },
    onClose(outage) {
      observer.back(outage);
      for (const listener of listeners) listener();
    },
  });

  const silence = watchSilence({
    timeoutMs: options.stallTimeoutMs,
    isAnyoneWaiting: () => requests.count() > 0,
    hasReceived: connection.hasReceived,
    async probe(signal) {
      const error = await probes.byRequest(signal);
      if (error !== undefined && isSignOfDeath(error)) circuit.failed(error);
    },
    onSilent() {
      const error = goneSilent(options.stallTimeoutMs);
      circuit.silent(error);
      // Where the circuit was open already, some may still wait for an answer.
      requests.giveUpAll(error);
    },
  });

  /** Sends a request unless Prometheus is lost, and learns from what becomes of it. */
  async function ask<T>(
    signal: AbortSignal | undefined,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const outage = circuit.outage();
    if (outage !== undefined) throw notAsked(outage);
    return requests.run(signal, async (stop) => {
      silence.begin();
      try {
        const answer = await send(stop);
        heard();
        return answer;
      } catch (error) {
        learnFrom(error);
        throw error;
      }
    });
  }

  function heard(): void {
    silence.heard();
    circuit.heard();
  }

  function learnFrom(error: unknown): void {
    if (!(error instanceof PrometheusError)) return;
    if (isSignOfDeath(error)) circuit.failed(error);
    else if (isSignOfLife(error)) heard();
  }

  async function query(promql: string, queryOptions: QueryOptions = {}) {
    const timeoutMs = queryOptions.timeoutMs ?? options.queryTimeoutMs ?? DEFAULT_QUERY_TIMEOUT_MS;
    const deadline = performance.now() + timeoutMs;
    budget.earn();
    const leave = await enterQueue(queryOptions.flow, timeoutMs, queryOptions.signal);
    try {
      // A large response may wait for memory and must not delay small ones.
      return await askPatiently(promql, { ...queryOptions, onLarge: leave }, deadline);
    } finally {
      leave();
    }
  }

  async function enterQueue(
    flow: string | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<() => void> {
    const outage = circuit.outage();
    if (outage !== undefined) throw notAsked(outage);
    const begun = performance.now();
    const leave = await queue.enter(flow, timeoutMs, signal);
    observer.waited((performance.now() - begun) / 1000);
    return leave;
  }

  /** Tries once more where that is safe and may help. */
  async function askPatiently(promql: string, queryOptions: QueryOptions, deadline: number) {
    const begun = performance.now();
    try {
      return await askOnce(promql, queryOptions, deadline);
    } catch (error) {
      if (!isWorthRetrying(error, performance.now() - begun)) throw error;
      const pause = RETRY_PAUSE_MS + RETRY_JITTER_MS * Math.random();
      if (performance.now() + pause >= deadline || !mayRetry()) throw error;
      await sleepUnlessAborted(pause, queryOptions.signal);
      if (circuit.outage() !== undefined) throw error;
      observer.retried(error);
      return askOnce(promql, queryOptions, deadline);
    }
  }

  function askOnce(promql: string, queryOptions: QueryOptions, deadline: number) {
    const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
    return ask(queryOptions.signal, (signal) =>
      client.query(promql, { inUse: queryOptions.signal, ...queryOptions, timeoutMs, signal }),
    );
  }

  function mayRetry(): boolean {
    return circuit.outage() === undefined && budget.spend();
  }

  /** Tells the observer of what is not asked. */
  async function observed<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof NotAskedError) observer.notAsked(error.reason);
      throw error;
    }
  }

  return {
    ...client,
    query: (promql, queryOptions) => observed(query(promql, queryOptions)),
    seriesLabelNames: (match, range, { signal, ...rest } = {}) =>
      observed(
        ask(signal, (stop) => client.seriesLabelNames(match, range, { ...rest, signal: stop })),
      ),
    labelNames: (matches, range, { signal, ...rest } = {}) =>
      observed(ask(signal, (stop) => client.labelNames(matches, range, { ...rest, signal: stop }))),
    labelValues: (label, matches, range, { signal, ...rest } = {}) =>
      observed(
        ask(signal, (stop) => client.labelValues(label, matches, range, { ...rest, signal: stop })),
      ),
    onBack: (listener) => listeners.push(listener),
    close() {
      circuit.stop();
      silence.stop();
      connection.close();
    },
  };
}

/**
 * Whether nothing was evaluated and the failure came at once: what takes its time would take it
 * again, and a time-out or a limit is not to be answered with more of the same.
 */
function isWorthRetrying(error: unknown, afterMs: number): error is PrometheusError {
  if (!(error instanceof PrometheusError) || afterMs > QUICK_MS) return false;
  if (error.kind === 'unreachable') return error.detail?.includes('ETIMEDOUT') !== true;
  return error.kind === 'unavailable' && (error.status === 502 || error.status === 503);
}

/** The caller's signal only ends the pause: whoever asks next sees it. */
async function sleepUnlessAborted(
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await sleep(milliseconds, undefined, signal ? { signal } : {}).catch(() => undefined);
}

function notAsked({ since, lastError }: Outage): NotAskedError {
  const when = new Date(since).toISOString();
  return new NotAskedError(
    'circuit_open',
    `not asked: circuit open since ${when}, last error: ${lastError.message}`,
  );
}

function givenUp({ lastError }: Outage): PrometheusError {
  return new PrometheusError('unreachable', 'given up, since Prometheus is unavailable', {
    detail: lastError.message,
  });
}

function goneSilent(timeoutMs: number): PrometheusError {
  return new PrometheusError(
    'unreachable',
    `Prometheus has gone silent: not a byte within ${timeoutMs} ms, nor an answer to a probe`,
  );
}
