import { createPrometheusClient } from './client/client.ts';
import { connect } from './client/connection.ts';
import type { PrometheusOptions } from './client/options.ts';
import { type GuardedClient, type GuardLimits, type GuardObserver, guard } from './guard/guard.ts';
import { createProbes } from './guard/probes.ts';
import { type SharingOptions, share } from './sharing/share.ts';

/** The minimum timeout of a probe in milliseconds. */
const PROBE_TIMEOUT_MS = 1_000;

export interface GuardedClientOptions {
  readonly client: PrometheusOptions;
  readonly guard: GuardLimits & { readonly observer: GuardObserver };
}

export interface PrometheusServerOptions extends GuardedClientOptions {
  readonly sharing: SharingOptions;
}

/** One Prometheus server: connections, queue, circuit and cached results are its own. */
export interface PrometheusServer extends GuardedClient {
  /** Whether the server evaluates a query that needs no data. Never rejects. */
  evaluatesQueries(): Promise<boolean>;
}

/** @throws PrometheusOptionsError as `createPrometheusClient` */
export function openPrometheusServer(options: PrometheusServerOptions): PrometheusServer {
  const guarded = openGuardedClient(options);
  return {
    ...share(guarded, options.sharing),
    evaluatesQueries: () =>
      guarded.query('vector(1)').then(
        () => true,
        () => false,
      ),
  };
}

/**
 * A guarded client without sharing of queries.
 *
 * @throws PrometheusOptionsError as `createPrometheusClient`
 */
export function openGuardedClient(options: GuardedClientOptions): GuardedClient {
  const connection = connect(options.client);
  // A probe must not time out before the stall timeout ends: its error would end the stall.
  const probeTimeoutMs = Math.max(PROBE_TIMEOUT_MS, options.guard.stallTimeoutMs);
  const { queryTimeoutMs } = options.client;
  return guard(createPrometheusClient(options.client, connection), {
    ...(queryTimeoutMs !== undefined && { queryTimeoutMs }),
    ...options.guard,
    connection,
    probes: createProbes(options.client, connection, probeTimeoutMs),
  });
}
