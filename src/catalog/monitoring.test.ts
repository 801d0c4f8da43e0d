import { expect, it } from 'vitest';
import { metricSamples } from '../../test/fixtures/metric-samples.ts';
import { createMetricsRegistry } from '../telemetry/registry.ts';
import { createCatalogMetrics } from './monitoring.ts';

const NOW = 1_767_323_045_678;

function create() {
  const registry = createMetricsRegistry('1');
  const metrics = createCatalogMetrics(registry, () => NOW);
  return { metrics, samples: () => metricSamples(registry) };
}

it('exports the last relist', async () => {
  const { metrics, samples } = create();
  metrics.relisted('partial', 1.5);
  metrics.rulesFailing('custom', 1);
  metrics.metricsServed('external', 12);
  metrics.seriesQueriesDiscovered('series', 7);
  metrics.seriesQueriesDiscovered('series', 1);
  metrics.seriesQueriesDiscovered('labels', 6);
  expect(await samples()).toMatchObject({
    'relists_total{outcome="partial"}': 1,
    'relists_total{outcome="success"}': 0,
    relist_duration_seconds_sum: 1.5,
    'relist_last_timestamp_seconds{outcome="partial"}': NOW / 1000,
    'rules_failing{api="custom"}': 1,
    'served_metrics{api="external"}': 12,
    'discovery_series_queries{strategy="series"}': 1,
    'discovery_series_queries{strategy="labels"}': 6,
  });
});

it('has the rules of the last relist only', async () => {
  const { metrics, samples } = create();
  metrics.rulesDiscovered([
    { api: 'custom', rule: 'rules[0]', series: 2, metrics: 4, reason: undefined },
    { api: 'custom', rule: 'rules[1]', series: 0, metrics: 0, reason: 'no_series' },
  ]);
  metrics.rulesDiscovered([
    { api: 'external', rule: 'externalRules[0]', series: 3, metrics: 0, reason: 'replaced' },
  ]);
  const found = Object.entries(await samples()).filter(([name]) =>
    /^rules?_(?!failing)/.test(name),
  );
  const reasons = found.filter(([name]) => name.startsWith('rules_without_metrics'));
  expect(reasons).toHaveLength(16);
  expect(reasons.filter(([, value]) => value !== 0)).toEqual([
    ['rules_without_metrics{api="external",reason="replaced"}', 1],
  ]);
  expect(found.filter(([name]) => name.startsWith('rule_'))).toEqual([
    ['rule_series{rule="externalRules[0]"}', 3],
    ['rule_served_metrics{rule="externalRules[0]"}', 0],
  ]);
});

it('aggregates the rules beyond 500', async () => {
  const { metrics, samples } = create();
  metrics.rulesDiscovered(
    Array.from({ length: 1_100 }, (_, index) => ({
      api: 'custom' as const,
      rule: `rules[${index}]`,
      series: 1,
      metrics: 2,
      reason: undefined,
    })),
  );
  const found = await samples();
  const ofRules = Object.keys(found).filter((name) => name.startsWith('rule_'));
  expect(ofRules).toHaveLength(2 * 501);
  expect(found).toMatchObject({
    'rule_series{rule="rules[499]"}': 1,
    'rule_series{rule="other"}': 600,
    'rule_served_metrics{rule="other"}': 1200,
  });
});
