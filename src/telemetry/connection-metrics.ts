import { Counter, Gauge, type Registry } from 'prom-client';

/** Why the adapter closed a connection, or one of its requests. */
export type ConnectionCloseReason =
  | 'connection_limit'
  | 'address_limit'
  | 'unsent_limit'
  | 'stalled'
  | 'pipeline_limit'
  | 'plain_http'
  | 'shutdown';

const REASONS = [
  'connection_limit',
  'address_limit',
  'unsent_limit',
  'stalled',
  'pipeline_limit',
  'plain_http',
  'shutdown',
] as const satisfies readonly ConnectionCloseReason[];

/** Metrics of client connections and unread responses. */
export interface ConnectionMetrics {
  /** The number of open connections. */
  connectionsOpen(count: number): void;
  connectionClosed(reason: ConnectionCloseReason): void;
  /** @param read returns the unsent bytes of responses; called when the metrics are collected */
  unsentBytesFrom(read: () => number): void;
}

/** @param prefix of the names of all metrics */
export function connectionMetrics(registry: Registry, prefix: string): ConnectionMetrics {
  const open = new Gauge({
    name: `${prefix}connections`,
    help: 'Open client connections.',
    registers: [registry],
  });
  const closed = new Counter({
    name: `${prefix}connections_closed_total`,
    help: 'Connections that the adapter closed or rejected, and requests of the front proxy that it cancelled, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of REASONS) closed.inc({ reason }, 0);
  let unsentBytes = (): number => 0;
  new Gauge({
    name: `${prefix}unsent_response_bytes`,
    help: 'Bytes of responses that clients have not read yet.',
    registers: [registry],
    collect() {
      this.set(unsentBytes());
    },
  });
  return {
    connectionsOpen: (count) => open.set(count),
    connectionClosed: (reason) => closed.inc({ reason }),
    unsentBytesFrom: (read) => {
      unsentBytes = read;
    },
  };
}
