import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { connectionMetrics } from './connection-metrics.ts';

it('exports the connections and the unsent bytes', async () => {
  const registry = new Registry();
  const metrics = connectionMetrics(registry, 'x_');
  metrics.connectionsOpen(3);
  metrics.connectionClosed('stalled');
  metrics.unsentBytesFrom(() => 7);
  const text = await registry.metrics();
  expect(text.split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([
    'x_connections 3',
    'x_connections_closed_total{reason="connection_limit"} 0',
    'x_connections_closed_total{reason="address_limit"} 0',
    'x_connections_closed_total{reason="unsent_limit"} 0',
    'x_connections_closed_total{reason="stalled"} 1',
    'x_connections_closed_total{reason="pipeline_limit"} 0',
    'x_connections_closed_total{reason="plain_http"} 0',
    'x_connections_closed_total{reason="shutdown"} 0',
    'x_unsent_response_bytes 7',
  ]);
});
