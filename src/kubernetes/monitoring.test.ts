import { expect, it } from 'vitest';
import { metricSamples } from '../../test/fixtures/metric-samples.ts';
import { createMetricsRegistry } from '../telemetry/registry.ts';
import { createKubernetesMetrics } from './monitoring.ts';

it('exports the object index', async () => {
  const registry = createMetricsRegistry('1');
  const metrics = createKubernetesMetrics(registry);
  metrics.objectsIndexed('pods', 2_000);
  metrics.objectsIndexed('nodes', 3);
  metrics.objectsIndexed('nodes', undefined);
  metrics.objectListRead('pods', 'success', 0.5);
  metrics.objectWatchEnded('pods', 'gone');
  metrics.objectEventReceived('pods', 'BOOKMARK');
  metrics.objectsRequested('pods', 'index');
  const samples = await metricSamples(registry);
  expect(samples).toMatchObject({
    'object_index_objects{resource="pods"}': 2000,
    'object_index_lists_total{resource="pods",outcome="success"}': 1,
    'object_index_list_duration_seconds_sum{resource="pods"}': 0.5,
    'object_index_watches_ended_total{resource="pods",outcome="gone"}': 1,
    'object_index_events_total{resource="pods",type="BOOKMARK"}': 1,
    'object_lookups_total{resource="pods",source="index"}': 1,
  });
  expect(samples).not.toHaveProperty(['object_index_objects{resource="nodes"}']);
});
