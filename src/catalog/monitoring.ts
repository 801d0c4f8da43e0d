import { OTHER } from '../telemetry/bounded-label.ts';
import { ANY_VALUE, type MetricsRegistry } from '../telemetry/registry.ts';
import type { DiscoveryStrategy } from './discovery-strategy.ts';
import type { NoMetricsReason } from './rule-outcome.ts';

/** Metrics of discovery. */
export interface CatalogMetrics extends RelistMetrics, RuleMetrics {}

/** @param now the clock of the system, in milliseconds */
export function createCatalogMetrics(
  registry: MetricsRegistry,
  now: () => number = Date.now,
): CatalogMetrics {
  return { ...relistMetrics(registry, now), ...ruleMetrics(registry) };
}

/** The APIs with discovered metrics. */
type DiscoveredApi = 'custom' | 'external';

/** All, some or none of the series queries succeeded. */
export type RelistOutcome = 'success' | 'partial' | 'failure';

interface RelistMetrics {
  relisted(outcome: RelistOutcome, durationSeconds: number): void;
  /** The number of rules whose series query failed at the last relist. */
  rulesFailing(api: DiscoveredApi, count: number): void;
  metricsServed(api: DiscoveredApi, count: number): void;
  /** The number of series queries by discovery strategy at the last relist. */
  seriesQueriesDiscovered(strategy: DiscoveryStrategy, count: number): void;
}

const STRATEGIES = ['series', 'labels'] as const satisfies readonly DiscoveryStrategy[];
const APIS = ['custom', 'external'] as const satisfies readonly DiscoveredApi[];
const OUTCOMES = ['success', 'partial', 'failure'] as const satisfies readonly RelistOutcome[];

function relistMetrics(registry: MetricsRegistry, now: () => number): RelistMetrics {
  const relists = registry.counter({
    name: 'relists_total',
    help: 'Relists of the series in Prometheus, by outcome.',
    labels: { outcome: OUTCOMES },
  });
  const duration = registry.histogram({
    name: 'relist_duration_seconds',
    help: 'Duration of relists.',
  });
  const timestamp = registry.gauge({
    name: 'relist_last_timestamp_seconds',
    help: 'Time of the last relist with this outcome.',
    labels: { outcome: OUTCOMES },
  });
  const failing = registry.gauge({
    name: 'rules_failing',
    help: 'Rules whose series query failed at the last relist; the log has their names.',
    labels: { api: APIS },
  });
  const served = registry.gauge({
    name: 'served_metrics',
    help: 'Metrics that discovery lists.',
    labels: { api: APIS },
  });
  const queries = registry.gauge({
    name: 'discovery_series_queries',
    help: 'Series queries that succeeded at the last relist, by discovery strategy: label endpoints (labels) or /api/v1/series (series).',
    labels: { strategy: STRATEGIES },
  });
  return {
    relisted: (outcome, seconds) => {
      relists.inc({ outcome });
      duration.observe(seconds);
      timestamp.set({ outcome }, now() / 1000);
    },
    rulesFailing: (api, count) => failing.set({ api }, count),
    metricsServed: (api, count) => served.set({ api }, count),
    seriesQueriesDiscovered: (strategy, count) => queries.set({ strategy }, count),
  };
}

/** The result of the last relist for a rule. */
export interface RuleDiscovery {
  readonly api: DiscoveredApi;
  /** Its place in the rules file, e.g. `rules[3]`. */
  readonly rule: string;
  /** The number of series names. */
  readonly series: number;
  readonly metrics: number;
  /** Undefined if there are metrics. */
  readonly reason: NoMetricsReason | undefined;
}

interface RuleMetrics {
  rulesDiscovered(rules: readonly RuleDiscovery[]): void;
}

const REASONS = [
  'query_failed',
  'no_series',
  'series_filters',
  'name_matches',
  'unfit_name',
  'no_resource_label',
  'no_namespace_label',
  'replaced',
] as const satisfies readonly NoMetricsReason[];

/** Further rules are aggregated, since each one adds two series. */
const MAX_RULES = 500;

function ruleMetrics(registry: MetricsRegistry): RuleMetrics {
  const series = registry.gauge({
    name: 'rule_series',
    help: 'Series names found by the series query of a rule at the last relist.',
    labels: { rule: ANY_VALUE },
  });
  const metrics = registry.gauge({
    name: 'rule_served_metrics',
    help: 'Metrics that a rule serves, as of the last relist.',
    labels: { rule: ANY_VALUE },
  });
  const without = registry.gauge({
    name: 'rules_without_metrics',
    help: 'Rules without metrics as of the last relist, by reason; the log has the rules.',
    labels: { api: APIS, reason: REASONS },
  });
  return {
    rulesDiscovered(rules) {
      for (const gauge of [series, metrics]) gauge.reset();
      for (const [index, rule] of rules.entries()) {
        const label = { rule: index < MAX_RULES ? rule.rule : OTHER };
        series.inc(label, rule.series);
        metrics.inc(label, rule.metrics);
      }
      for (const api of APIS) {
        for (const reason of REASONS) {
          const concerned = rules.filter((each) => each.api === api && each.reason === reason);
          without.set({ api, reason }, concerned.length);
        }
      }
    },
  };
}
