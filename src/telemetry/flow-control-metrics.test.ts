import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { flowControlMetrics } from './flow-control-metrics.ts';

/** The lines of a registry about one metric. */
async function linesOf(registry: Registry, name: string): Promise<readonly string[]> {
  return (await registry.getSingleMetricAsString(name))
    .split('\n')
    .filter((line) => line.startsWith(name));
}

it('has counters from the beginning', async () => {
  const registry = new Registry();
  flowControlMetrics(registry, 'x_');
  expect(await linesOf(registry, 'x_flow_control_requests_rejected_total')).toHaveLength(8);
  expect(await linesOf(registry, 'x_flow_control_reviews_rejected_total')).toEqual([
    'x_flow_control_reviews_rejected_total{pool="front_proxy",reason="full"} 0',
    'x_flow_control_reviews_rejected_total{pool="unproven",reason="full"} 0',
    'x_flow_control_reviews_rejected_total{pool="front_proxy",reason="flow_limit"} 0',
    'x_flow_control_reviews_rejected_total{pool="unproven",reason="flow_limit"} 0',
  ]);
});

it('exports what is in flight, waiting and rejected, by pool', async () => {
  const registry = new Registry();
  const metrics = flowControlMetrics(registry, 'x_');
  metrics.requestsInFlight('front_proxy', 7);
  metrics.requestRejected('unproven', 'flow_limit');
  metrics.reviewsChanged('unproven', { running: 8, waiting: 3 });
  metrics.reviewRejected('unproven', 'full');
  expect(await linesOf(registry, 'x_flow_control_requests_in_flight')).toEqual([
    'x_flow_control_requests_in_flight{pool="front_proxy"} 7',
  ]);
  expect(await linesOf(registry, 'x_flow_control_requests_rejected_total')).toContain(
    'x_flow_control_requests_rejected_total{pool="unproven",reason="flow_limit"} 1',
  );
  expect(await linesOf(registry, 'x_flow_control_reviews_in_flight')).toEqual([
    'x_flow_control_reviews_in_flight{pool="unproven"} 8',
  ]);
  expect(await linesOf(registry, 'x_flow_control_reviews_waiting')).toEqual([
    'x_flow_control_reviews_waiting{pool="unproven"} 3',
  ]);
  expect(await linesOf(registry, 'x_flow_control_reviews_rejected_total')).toContain(
    'x_flow_control_reviews_rejected_total{pool="unproven",reason="full"} 1',
  );
});
