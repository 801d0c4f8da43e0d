import { createRetryBudget } from '../../async/retry-budget.ts';
import { sleep } from '../../async/sleep.ts';
import type { PrometheusClient } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { DEFAULT_QUERY_TIMEOUT_MS } from '../client/options.ts';
import { PrometheusError, type RequestRejection, rejectedRequest } from '../errors.ts';
import type { QueryOptions } from '../query.ts';
import { createCircuit, type Outage } from './circuit.ts';
import { indicatesOutage, indicatesResponse } from './failure-classification.ts';
import type { Probes } from './probes.ts';
import { createQueryQueue } from './query-queue.ts';
import { createRunningRequests } from './running-requests.ts';
import { createStallDetector } from './stall-detector.ts';

/** In milliseconds. A query that fails later than this is not retried. */
const QUICK_MS = 250;

/** The delay before a retry in milliseconds, and the maximum of the random delay in addition. */
const RETRY_DELAY_MS = 50;
const RETRY_JITTER_MS = 100;

export interface GuardLimits {
  /** The maximum number of concurrent queries. */
  readonly maxConcurrency: number;
  /** The maximum number of queries that wait in the queue. */
  readonly maxQueued: number;
  /**
   * Without any response for this time, in milliseconds, Prometheus is considered unavailable. 0: never.
   */
  readonly stallTimeoutMs: number;
  /** The default timeout of a query in milliseconds. Default 30,000. */
  readonly queryTimeoutMs?: number;
}

/** Called by a guarded client, for logs and metrics. */
export interface GuardObserver {
  readonly queueChanged: (now: { readonly running: number; readonly waiting: number }) => void;
  /** A query left the queue after this time. Queries that did not wait are included. */
  readonly waited: (seconds: number) => void;
  /** A request was not sent. */
  readonly rejected: (reason: RequestRejection) => void;
  readonly retried: (error: PrometheusError) => void;
  readonly outageBegan: (outage: Outage) => void;
  readonly outageEnded: (outage: Outage) => void;
}

export interface GuardOptions extends GuardLimits {
  /** The connection of the guarded client. */
  readonly connection: Pick<Connection, 'hasReceived' | 'close'>;
  readonly probes: Probes;
  readonly observer: GuardObserver;
}

export interface GuardedClient extends PrometheusClient {
  /** The listener is called when Prometheus is available again after an outage. */
  onAvailable(listener: () => void): void;
}

/**
 * Limits the load on Prometheus and fails fast during an outage:
 * - The number of concurrent queries is limited; further queries wait in a queue. The timeout of a query
 *   includes the time in the queue, and Prometheus gets the remaining time.
 * - A query that fails at once because Prometheus is unavailable is retried once, within a budget.
 * - During an outage, all requests fail immediately until a probe succeeds.
 *
 * Requests for series and labels do not use the queue: the caller limits their number.
 */
export function guard(client: PrometheusClient, options: GuardOptions): GuardedClient {
  const { connection, probes, observer } = options;
  const requests = createRunningRequests();
  const budget = createRetryBudget();
  const listeners: (() => void)[] = [];
  const queue = createQueryQueue({
    mostRunning: options.maxConcurrency,
    mostWaiting: options.maxQueued,
    onChange: observer.queueChanged,
  });

  const circuit = createCircuit({
    // A server that responded with an error must evaluate a query again. After no response at all, any
    // response is enough, since the query engine can be busy.
    probe: ({ status }) => (status === undefined ? probes.byRequest() : probes.byQuery()),
    onOpen(outage) {
      observer.outageBegan(outage);
      queue.rejectAll(circuitOpen(outage));
      if (outage.lastError.status === undefined) {
        requests.abortAll(aborted(outage));
        // Connections may lead to an address that Prometheus no longer has.
        connection.close();
      }
    },
    onClose(outage) {
      observer.outageEnded(outage);
      for (const listener of listeners) listener();
    },
  });

  const stalls = createStallDetector({
    timeoutMs: options.stallTimeoutMs,
    isWaiting: () => requests.count() > 0,
    hasReceived: connection.hasReceived,
    async probe(signal) {
      const error = await probes.byRequest(signal);
      if (error !== undefined && indicatesOutage(error)) circuit.failed(error);
    },
    onStall() {
      const error = stalled(options.stallTimeoutMs);
      circuit.stalled(error);
      // If the circuit was open already, requests can still wait for a response.
      requests.abortAll(error);
    },
  });

  /** Sends a request unless the circuit is open, and reports the outcome to circuit and stall detector. */
  async function send<T>(
    signal: AbortSignal | undefined,
    request: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    rejectDuringOutage();
    return requests.run(signal, async (stop) => {
      stalls.begin();
      try {
        const answer = await request(stop);
        responded();
        return answer;
      } catch (error) {
        if (error instanceof PrometheusError) {
          if (indicatesOutage(error)) circuit.failed(error);
          else if (indicatesResponse(error)) responded();
        }
        throw error;
      }
    });
  }

  function rejectDuringOutage(): void {
    const outage = circuit.outage();
    if (outage !== undefined) throw circuitOpen(outage);
  }

  function responded(): void {
    stalls.responded();
    circuit.responded();
  }

  async function query(promql: string, queryOptions: QueryOptions = {}) {
    const timeoutMs = queryOptions.timeoutMs ?? options.queryTimeoutMs ?? DEFAULT_QUERY_TIMEOUT_MS;
    const deadline = performance.now() + timeoutMs;
    budget.earn();
    const leave = await enterQueue(queryOptions.flow, timeoutMs, queryOptions.signal);
    try {
      // A large response may wait for memory and must not delay small ones.
      return await queryWithRetry(promql, { ...queryOptions, onLarge: leave }, deadline);
    } finally {
      leave();
    }
  }

  async function enterQueue(
    flow: string | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<() => void> {
    rejectDuringOutage();
    const begun = performance.now();
    const leave = await queue.enter(flow, timeoutMs, signal);
    observer.waited((performance.now() - begun) / 1000);
    return leave;
  }

  async function queryWithRetry(promql: string, queryOptions: QueryOptions, deadline: number) {
    const begun = performance.now();
    try {
      return await queryOnce(promql, queryOptions, deadline);
    } catch (error) {
      if (!isRetriable(error, performance.now() - begun)) throw error;
      const delayMs = RETRY_DELAY_MS + RETRY_JITTER_MS * Math.random();
      if (performance.now() + delayMs >= deadline || !mayRetry()) throw error;
      // An aborted signal ends the delay, and the next request throws its reason.
      await sleep(delayMs, queryOptions.signal, { ref: true });
      if (circuit.outage() !== undefined) throw error;
      observer.retried(error);
      return queryOnce(promql, queryOptions, deadline);
    }
  }

  function queryOnce(promql: string, queryOptions: QueryOptions, deadline: number) {
    const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
    return send(queryOptions.signal, (signal) =>
      client.query(promql, { inUse: queryOptions.signal, ...queryOptions, timeoutMs, signal }),
    );
  }

  function mayRetry(): boolean {
    return circuit.outage() === undefined && budget.spend();
  }

  /** Reports rejected requests to the observer. */
  async function observed<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      const reason = error instanceof PrometheusError ? error.rejection : undefined;
      if (reason !== undefined) observer.rejected(reason);
      throw error;
    }
  }

  return {
    query: (promql, queryOptions) => observed(query(promql, queryOptions)),
    seriesLabelNames: (match, range, { signal, ...rest } = {}) =>
      observed(
        send(signal, (stop) => client.seriesLabelNames(match, range, { ...rest, signal: stop })),
      ),
    labelNames: (matches, range, { signal, ...rest } = {}) =>
      observed(
        send(signal, (stop) => client.labelNames(matches, range, { ...rest, signal: stop })),
      ),
    labelValues: (label, matches, range, { signal, ...rest } = {}) =>
      observed(
        send(signal, (stop) =>
          client.labelValues(label, matches, range, { ...rest, signal: stop }),
        ),
      ),
    onAvailable: (listener) => listeners.push(listener),
    close() {
      circuit.stop();
      stalls.stop();
      client.close();
    },
  };
}

/**
 * Whether the query was not evaluated and failed at once. A query that failed late would take as long
 * again, and a retry after a timeout or a limit would add load.
 */
function isRetriable(error: unknown, afterMs: number): error is PrometheusError {
  if (!(error instanceof PrometheusError) || afterMs > QUICK_MS) return false;
  if (error.kind === 'unreachable') return error.detail?.includes('ETIMEDOUT') !== true;
  return error.kind === 'unavailable' && (error.status === 502 || error.status === 503);
}

function circuitOpen({ since, lastError }: Outage): PrometheusError {
  const when = new Date(since).toISOString();
  return rejectedRequest(
    'circuit_open',
    `request rejected: circuit open since ${when}, last error: ${lastError.message}`,
  );
}

function aborted({ lastError }: Outage): PrometheusError {
  return new PrometheusError('unreachable', 'request aborted, since Prometheus is unavailable', {
    detail: lastError.message,
  });
}

function stalled(timeoutMs: number): PrometheusError {
  return new PrometheusError(
    'unreachable',
    `Prometheus stalled: no data received for ${timeoutMs} ms, and no response to a probe`,
  );
}
