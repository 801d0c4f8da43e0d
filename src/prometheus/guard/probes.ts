import { withDeadline } from '../../async/deadline.ts';
import { readBody } from '../client/body.ts';
import { createPrometheusClient, requestDeadline } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import type { PrometheusOptions } from '../client/options.ts';
import { PrometheusError } from '../errors.ts';
import { indicatesResponse } from './failure-classification.ts';

/** In bytes. */
const LARGEST_RESPONSE = 2 ** 20;

/**
 * Requests that determine whether Prometheus is available. They return the error, or undefined if it is
 * available, and never reject.
 */
export interface Probes {
  /**
   * Requests a fixed resource below `/api/v1`, as queries do: some proxies forward the API only, and
   * Prometheus rejects it while it replays its WAL. It does not need the query engine.
   */
  byRequest(signal?: AbortSignal): Promise<PrometheusError | undefined>;
  /**
   * Evaluates a query that needs no data, for a server that responds but may be unable to evaluate queries.
   */
  byQuery(): Promise<PrometheusError | undefined>;
}

/**
 * Probes are not reported to `onRequest`.
 *
 * @param timeoutMs the timeout of a probe in milliseconds
 */
export function createProbes(
  options: PrometheusOptions,
  connection: Connection,
  timeoutMs: number,
): Probes {
  const { onRequest: _, ...unobserved } = options;
  const client = createPrometheusClient(unobserved, connection);

  async function byRequest(signal: AbortSignal | undefined): Promise<void> {
    await withDeadline(requestDeadline({ timeoutMs, signal }), async (stop) => {
      const { status, body } = await connection.send({
        verb: 'GET',
        path: '/api/v1/status/buildinfo',
        parameters: new URLSearchParams(),
        signal: stop,
      });
      await readBody(body, { most: LARGEST_RESPONSE, taken: 0 }, stop);
      if (status === 502 || status === 503 || status === 504) {
        throw new PrometheusError('unavailable', `HTTP ${status}: not a response of Prometheus`, {
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
    if (error instanceof PrometheusError) return indicatesResponse(error) ? undefined : error;
    return new PrometheusError('unreachable', 'cannot send a request to Prometheus', {
      detail: error instanceof Error ? error.message : 'unknown error',
    });
  }
}
