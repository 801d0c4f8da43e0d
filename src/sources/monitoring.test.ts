import { expect, it } from 'vitest';
import { metricSamples } from '../../test/fixtures/metric-samples.ts';
import { createMetricsRegistry } from '../telemetry/registry.ts';
import { createSourceMetrics } from './monitoring.ts';

it('keeps the time of the last successful load after a failed one', async () => {
  let now = 1_767_323_045_678;
  const registry = createMetricsRegistry('1');
  const metrics = createSourceMetrics(registry, () => now);
  metrics.configLoaded(true);
  metrics.rulesConfigured('custom', 3);
  now += 60_000;
  metrics.configLoaded(false);
  expect(await metricSamples(registry)).toMatchObject({
    config_last_reload_successful: 0,
    config_last_reload_success_timestamp_seconds: 1767323045.678,
    'rules{api="custom"}': 3,
  });
});
