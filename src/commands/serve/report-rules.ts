import type { CatalogMetrics } from '../../catalog/monitoring.ts';
import { explainOutcome, noMetricsReason, type RuleOutcome } from '../../catalog/rule-outcome.ts';
import { formatOrigin, ruleName } from '../../rules/origin.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** The number of lines per relist: a rules file can have a thousand rules. */
const MAX_LINES = 20;

/**
 * Exports the outcome of each rule as metrics, and logs changes: that a rule has no metrics and why, and
 * that it has metrics again.
 */
export function createRulesReport(
  log: Logger,
  metrics: CatalogMetrics,
): (outcomes: readonly RuleOutcome[]) => void {
  /** The last log entry, by the place of the rule. */
  let reported: ReadonlyMap<string, string> = new Map();

  return (outcomes) => {
    metrics.rulesDiscovered(
      outcomes.map((outcome) => ({
        api: outcome.rule.kind,
        rule: ruleName(outcome.rule.origin),
        series: outcome.series,
        metrics: outcome.metrics,
        reason: noMetricsReason(outcome),
      })),
    );
    const explained = outcomes.filter(isForTheLog);
    const changed = explained.filter(
      (outcome) => reported.get(ruleName(outcome.rule.origin)) !== kindOf(outcome),
    );
    for (const outcome of changed.slice(0, MAX_LINES)) logOutcome(log, outcome);
    if (changed.length > MAX_LINES) {
      const more = changed.length - MAX_LINES;
      log.warn(`${more} more rules have no metrics, or metrics without values`, { more });
    }
    logRecovered(log, outcomes, reported);
    reported = new Map(
      explained.map((outcome) => [ruleName(outcome.rule.origin), kindOf(outcome)]),
    );
  };
}

/** Failed queries and names that cannot be requested are logged elsewhere. */
function isForTheLog(outcome: RuleOutcome): boolean {
  const reason = noMetricsReason(outcome);
  if (reason === 'query_failed') return false;
  const isOnlyUnfit = outcome.withoutMetric.every(({ cause }) => cause === 'unfit_name');
  return explainOutcome(outcome) !== undefined && (reason === 'no_series' || !isOnlyUnfit);
}

/** Equal for lines that report the same problem of a rule; counts are ignored. */
function kindOf(outcome: RuleOutcome): string {
  const { rule, withoutMetric, metrics } = outcome;
  const causes = withoutMetric.map(({ cause }) => cause).toSorted();
  return [rule.seriesQuery, noMetricsReason(outcome), metrics > 0, ...causes].join('\n');
}

function logOutcome(log: Logger, outcome: RuleOutcome): void {
  const line = `${ruleName(outcome.rule.origin)}: ${explainOutcome(outcome)}`;
  const fields = { definedAt: formatOrigin(outcome.rule.origin) };
  // The series may not exist yet.
  if (noMetricsReason(outcome) === 'no_series') log.info(line, fields);
  else log.warn(line, fields);
}

function logRecovered(
  log: Logger,
  outcomes: readonly RuleOutcome[],
  reported: ReadonlyMap<string, string>,
): void {
  const recovered = outcomes.filter(
    (outcome) =>
      reported.has(ruleName(outcome.rule.origin)) &&
      outcome.metrics > 0 &&
      explainOutcome(outcome) === undefined,
  );
  for (const { rule, metrics } of recovered.slice(0, MAX_LINES)) {
    log.info(`${ruleName(rule.origin)}: has metrics now`, { metrics });
  }
}
