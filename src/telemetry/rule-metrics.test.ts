import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { ruleMetrics } from './rule-metrics.ts';

async function rendered(act: (metrics: ReturnType<typeof ruleMetrics>) => void) {
  const registry = new Registry();
  act(ruleMetrics(registry, 'x_'));
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && line[0] !== '#');
}

it('has the rules of the last relist only', async () => {
  const lines = await rendered((metrics) => {
    metrics.rulesDiscovered([
      { api: 'custom', rule: 'rules[0]', series: 2, metrics: 4, reason: undefined },
      { api: 'custom', rule: 'rules[1]', series: 0, metrics: 0, reason: 'no_series' },
    ]);
    metrics.rulesDiscovered([
      { api: 'external', rule: 'externalRules[0]', series: 3, metrics: 0, reason: 'replaced' },
    ]);
  });
  const reasons = lines.filter((line) => line.startsWith('x_rules_without_metrics'));
  expect(reasons).toHaveLength(16);
  expect(reasons.filter((line) => !line.endsWith(' 0'))).toEqual([
    'x_rules_without_metrics{api="external",reason="replaced"} 1',
  ]);
  expect(lines.filter((line) => !reasons.includes(line))).toEqual([
    'x_rule_series{rule="externalRules[0]"} 3',
    'x_rule_served_metrics{rule="externalRules[0]"} 0',
  ]);
});

it('aggregates the rules beyond 500', async () => {
  const lines = await rendered((metrics) =>
    metrics.rulesDiscovered(
      Array.from({ length: 1_100 }, (_, index) => ({
        api: 'custom' as const,
        rule: `rules[${index}]`,
        series: 1,
        metrics: 2,
        reason: undefined,
      })),
    ),
  );
  expect(lines).toHaveLength(2 * 501 + 16);
  expect(lines).toContain('x_rule_series{rule="rules[499]"} 1');
  expect(lines).toContain('x_rule_series{rule="other"} 600');
  expect(lines).toContain('x_rule_served_metrics{rule="other"} 1200');
});
