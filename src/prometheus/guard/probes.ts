import { readBody } from '../client/body.ts';
import { createPrometheusClient } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { withDeadline } from '../client/deadline.ts';
import { PrometheusError } from '../client/errors.ts';
import type { PrometheusOptions } from '../client/options.ts';
import { isSignOfLife } from './failure-classification.ts';

const LARGEST_ANSWER = 2 ** 20;

/** Finds out whether Prometheus is there. Both give the failure, undefined if it is, and never reject. */
export interface Probes {
  /**
   * Asks for something fixed on the way that queries take: past proxies that forward the API only,
   * and not past Prometheus while it replays its log. No query engine is needed for it.
   */
  byRequest(signal?: AbortSignal): Promise<PrometheusError | undefined>;
  /** Asks a query that needs no data: for what takes requests and yet cannot answer queries. */
  byQuery(): Promise<PrometheusError | undefined>;
}

/**
 * Probes are no requests of anybody: `onRequest` is not told of them.
 *
 * @param timeoutMs how long a probe may take, in milliseconds
 */
export function createProbes(
  options: PrometheusOptions,
  connection: Connection,
  timeoutMs: number,
): Probes {
  const { onRequest: _, ...silent } = options;
  const client = createPrometheusClient(silent, connection);

  async function byRequest(signal: AbortSignal | undefined): Promise<void> {
    await withDeadline({ timeoutMs, signal }, async (stop) => {
      const { status, body } = await connection.send({
        verb: 'GET',
        path: '/api/v1/status/buildinfo',
        parameters: new URLSearchParams(),
        signal: stop,
      });
      await readBody(body, { most: LARGEST_ANSWER, taken: 0 }, stop);
      if (status === 502 || status === 503 || status === 504) {
        throw new PrometheusError('unavailable', `HTTP ${status}: no answer of Prometheus`, {
          status,
        });
      }
    });
  }

  return {
    byRequest: (signal) => failureOf(byRequest(signal)),
    byQuery: () => failureOf(client.query('vector(1)', { timeoutMs })),
  };
}

async function failureOf(probe: Promise<unknown>): Promise<PrometheusError | undefined> {
  try {
    await probe;
    return undefined;
  } catch (error) {
    if (error instanceof PrometheusError) return isSignOfLife(error) ? undefined : error;
    return new PrometheusError('unreachable', 'Prometheus could not be asked', {
      detail: error instanceof Error ? error.message : 'unknown error',
    });
  }
}
