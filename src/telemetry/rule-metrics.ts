import { Gauge, type Registry } from 'prom-client';
import { OTHER } from './bounded-label.ts';

const REASONS = [
  'query_failed',
  'no_series',
  'series_filters',
  'name_matches',
  'unfit_name',
  'no_resource_label',
  'no_namespace_label',
  'replaced',
] as const;

/** Why a rule has no metrics. */
export type WithoutMetricsReason = (typeof REASONS)[number];

/** What the last relist found for a rule. */
export interface RuleDiscovery {
  readonly api: 'custom' | 'external';
  /** Its place in the rules file, e.g. `rules[3]`. */
  readonly rule: string;
  /** The number of series names. */
  readonly series: number;
  readonly metrics: number;
  /** Why there are no metrics; undefined if there are some. */
  readonly reason: WithoutMetricsReason | undefined;
}

/** Metrics of the outcome of each rule at the last relist. */
export interface RuleMetrics {
  rulesDiscovered(rules: readonly RuleDiscovery[]): void;
}

/** Rules beyond this number are aggregated, since each one adds two series. */
const MOST_RULES = 500;

/** @param prefix of the names of all metrics */
export function ruleMetrics(registry: Registry, prefix: string): RuleMetrics {
  const series = new Gauge({
    name: `${prefix}rule_series`,
    help: 'Series names found by the series query of a rule at the last relist.',
    labelNames: ['rule'],
    registers: [registry],
  });
  const metrics = new Gauge({
    name: `${prefix}rule_served_metrics`,
    help: 'Metrics that a rule serves, as of the last relist.',
    labelNames: ['rule'],
    registers: [registry],
  });
  const without = new Gauge({
    name: `${prefix}rules_without_metrics`,
    help: 'Rules without metrics as of the last relist, by reason; the log has the rules.',
    labelNames: ['api', 'reason'],
    registers: [registry],
  });
  return {
    rulesDiscovered(rules) {
      for (const gauge of [series, metrics, without]) gauge.reset();
      for (const [index, rule] of rules.entries()) {
        const label = { rule: index < MOST_RULES ? rule.rule : OTHER };
        series.inc(label, rule.series);
        metrics.inc(label, rule.metrics);
      }
      for (const api of ['custom', 'external'] as const) {
        for (const reason of REASONS) {
          const concerned = rules.filter((each) => each.api === api && each.reason === reason);
          without.set({ api, reason }, concerned.length);
        }
      }
    },
  };
}
