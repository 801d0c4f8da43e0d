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

/** The connections of clients, and what they have not read. */
export interface ConnectionMetrics {
  /** How many connections are open now. */
  connectionsOpen(count: number): void;
  connectionClosed(reason: ConnectionCloseReason): void;
  /** @param read the bytes of answers that are not sent yet; called when the metrics are read */
  unsentBytesFrom(read: () => number): void;
}

/** @param prefix what the names of all metrics begin with */
export function connectionMetrics(registry: Registry, prefix: string): ConnectionMetrics {
  const open = new Gauge({
    name: `${prefix}connections`,
    help: 'Connections of clients that are open.',
    registers: [registry],
  });
  const closed = new Counter({
    name: `${prefix}connections_closed_total`,
    help: "Connections that the adapter closed or did not accept, and requests that it ended on the front proxy's, by reason.",
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of REASONS) closed.inc({ reason }, 0);
  let unsentBytes = (): number => 0;
  new Gauge({
    name: `${prefix}unsent_response_bytes`,
    help: 'Bytes of answers that clients have not read yet.',
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
