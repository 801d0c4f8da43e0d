import type { DiscoveryOutcome } from '../../catalog/discover.ts';
import type { CatalogMetrics, RelistOutcome } from '../../catalog/monitoring.ts';
import type { RelistRound } from '../../catalog/relist.ts';
import { queryKey, type RuleLists } from '../../catalog/required-labels.ts';
import { ruleName } from '../../rules/origin.ts';
import type { CompiledRule } from '../../rules/rule.ts';
import { errorText } from '../../telemetry/error-text.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { createRulesReport } from './report-rules.ts';

/** The number of similar lines per relist. Scraped targets can create many names, an outage many errors. */
const MAX_LINES = 20;

const ENDPOINTS = { series: '/api/v1/series', labels: 'the label endpoints' } as const;

/** Logs the result of each relist, and exports it as metrics. */
export function createRelistReport(
  log: Logger,
  metrics: CatalogMetrics,
  rules: () => RuleLists,
): (round: RelistRound) => void {
  const reportRules = createRulesReport(log, metrics);
  let failing: ReadonlySet<string> = new Set();
  let reported = '';
  let served = '';
  let strategy = '';
  let fallbacks = '';

  /** Logs the discovery strategies when they change, and at the first relist. */
  function reportStrategies({ outcomes, strategies }: RelistRound): void {
    const answered = outcomes.filter((outcome) => 'found' in outcome);
    for (const each of ['series', 'labels'] as const) {
      metrics.seriesQueriesDiscovered(each, answered.filter((one) => one.strategy === each).length);
    }
    const chosen = JSON.stringify(strategies.map((each) => [each.prometheus, each.strategy]));
    // If all queries fail, the failures are logged and nothing else.
    if (answered.length > 0 && chosen !== strategy) {
      strategy = chosen;
      for (const { prometheus, strategy, why } of strategies) {
        log.info(`series are discovered by ${ENDPOINTS[strategy]}`, { prometheus, why });
      }
    }
    const others = answered.flatMap(({ prometheus, seriesQuery, fallback }) =>
      fallback === undefined ? [] : [{ prometheus, seriesQuery, why: fallback }],
    );
    const report = JSON.stringify(others.map(({ seriesQuery }) => seriesQuery));
    if (report === fallbacks) return;
    fallbacks = report;
    for (const fields of others.slice(0, MAX_LINES)) {
      log.info(`a series query falls back to ${ENDPOINTS.series}`, fields);
    }
    if (others.length > MAX_LINES) {
      log.info(`more series queries fall back to ${ENDPOINTS.series}`, {
        more: others.length - MAX_LINES,
      });
    }
  }

  /** Logs the number of metrics when it changes, and at the first relist. */
  function reportServed({ outcomes, catalog }: RelistRound): void {
    if (outcomes.length > 0 && outcomes.every((outcome) => 'error' in outcome)) return;
    const fields = {
      customMetrics: catalog.customMetrics.length,
      externalMetrics: catalog.externalMetrics.length,
    };
    const now = JSON.stringify(fields);
    if (now === served) return;
    served = now;
    log.info('discovered metrics', fields);
  }

  return (round) => {
    const { outcomes, leftOut, catalog, durationSeconds } = round;
    const failed = failedQueries(outcomes);
    reportStrategies(round);
    metrics.relisted(outcomeOf(outcomes.length, failed.size), durationSeconds);
    metrics.metricsServed('custom', catalog.customMetrics.length);
    metrics.metricsServed('external', catalog.externalMetrics.length);
    const { custom, external } = rules();
    metrics.rulesFailing('custom', countOf(custom, failed));
    metrics.rulesFailing('external', countOf(external, failed));

    failing = reportFailures(log, failed, rules(), failing);
    // The same names are left out at each relist.
    const shown = leftOut.slice(0, MAX_LINES);
    const report = JSON.stringify([shown, leftOut.length]);
    if (report !== reported) {
      reported = report;
      for (const { series, name, why } of shown) {
        log.warn('metric not served: no request can contain its name', { series, name, why });
      }
      if (leftOut.length > MAX_LINES) {
        log.warn('more metrics are not served', { more: leftOut.length - MAX_LINES });
      }
    }
    reportRules(round.ruleOutcomes);
    reportServed(round);
    log.verbose(2, 'relisted', {
      customMetrics: catalog.customMetrics.length,
      externalMetrics: catalog.externalMetrics.length,
      seriesQueries: outcomes.length,
      failed: failed.size,
      durationSeconds,
    });
  };
}

/**
 * One line for each cause, since an outage of Prometheus fails all queries in the same way. A cause is
 * logged once until it no longer occurs.
 *
 * @param before the causes of the last relist
 * @returns the causes of this one
 */
function reportFailures(
  log: Logger,
  failed: ReadonlyMap<string, FailedQuery>,
  { custom, external }: RuleLists,
  before: ReadonlySet<string>,
): ReadonlySet<string> {
  const causes = Map.groupBy(failed.values(), ({ error }) => errorText(error));
  const newCauses = [...causes]
    .filter(([cause]) => !before.has(cause))
    .map(([, failures]) => failures);
  for (const failures of newCauses.slice(0, MAX_LINES)) {
    const [first] = failures;
    const keys = new Set(failures.map(queryKey));
    const places = [...custom, ...external].filter((rule) => keys.has(queryKey(rule)));
    log.warn('series query failed, keeping the series of its last success', {
      rules: places.slice(0, MAX_LINES).map(({ origin }) => ruleName(origin)),
      prometheus: first?.prometheus,
      seriesQuery: first?.seriesQuery,
      ...(failures.length > 1 && { andOthers: failures.length - 1 }),
      error: first?.error,
    });
  }
  const more = newCauses.slice(MAX_LINES).flat().length;
  if (more > 0) log.warn('more series queries failed', { more });
  if (before.size > 0 && causes.size === 0) log.info('all series queries succeed again');
  return new Set(causes.keys());
}

type FailedQuery = Extract<DiscoveryOutcome, { error: unknown }>;

/** By {@link queryKey}. */
function failedQueries(outcomes: readonly DiscoveryOutcome[]): ReadonlyMap<string, FailedQuery> {
  const failed = new Map<string, FailedQuery>();
  for (const outcome of outcomes) {
    if ('error' in outcome) failed.set(queryKey(outcome), outcome);
  }
  return failed;
}

function outcomeOf(total: number, failed: number): RelistOutcome {
  if (failed === 0) return 'success';
  return failed === total ? 'failure' : 'partial';
}

function countOf(rules: readonly CompiledRule[], failed: ReadonlyMap<string, FailedQuery>): number {
  return rules.filter((rule) => failed.has(queryKey(rule))).length;
}
