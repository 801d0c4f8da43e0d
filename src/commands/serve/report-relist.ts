import type { DiscoveryOutcome } from '../../catalog/discover.ts';
import type { CatalogMetrics, RelistOutcome } from '../../catalog/monitoring.ts';
import type { RelistRound } from '../../catalog/relist.ts';
import type { RuleLists } from '../../catalog/required-labels.ts';
import { ruleName } from '../../rules/origin.ts';
import type { CompiledRule } from '../../rules/rule.ts';
import { errorText } from '../../telemetry/error-text.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { createRulesReport } from './report-rules.ts';

/** Whoever is scraped can make up names of series, and a Prometheus that is down fails every query. */
const mostShown = 20;

const endpoints = { series: '/api/v1/series', labels: 'the label endpoints' } as const;

/** Puts what came of a relist into the log and the adapter's own metrics. */
export function createRelistReport(
  log: Logger,
  metrics: CatalogMetrics,
  rules: () => RuleLists,
): (round: RelistRound) => void {
  const reportRules = createRulesReport(log, metrics);
  let failing: ReadonlySet<string> = new Set();
  let reported = '';
  let served = '';
  let way = '';
  let detours = '';

  /** Says how the series are found when that has changed, the first time included. */
  function reportWay({ outcomes, choice }: RelistRound): void {
    const answered = outcomes.filter((outcome) => 'found' in outcome);
    for (const each of ['series', 'labels'] as const) {
      metrics.seriesQueriesDiscovered(each, answered.filter((one) => one.way === each).length);
    }
    // Of a Prometheus that answers nothing at all there is only that to say.
    if (answered.length > 0 && choice !== undefined && choice.way !== way) {
      way = choice.way;
      log.info(`series are discovered by ${endpoints[choice.way]}`, { why: choice.why });
    }
    const others = answered.flatMap(({ seriesQuery, detour }) =>
      detour === undefined ? [] : [{ seriesQuery, why: detour }],
    );
    const news = JSON.stringify(others.map(({ seriesQuery }) => seriesQuery));
    if (news === detours) return;
    detours = news;
    for (const fields of others.slice(0, mostShown)) {
      log.info(`a series query is asked for by ${endpoints.series}`, fields);
    }
    if (others.length > mostShown) {
      log.info(`more are asked for by ${endpoints.series}`, { more: others.length - mostShown });
    }
  }

  /** Says what is served when that has changed, the first time included. */
  function reportServed({ outcomes, catalog }: RelistRound): void {
    if (outcomes.length > 0 && outcomes.every((outcome) => 'error' in outcome)) return;
    const fields = {
      customMetrics: catalog.customMetrics.length,
      externalMetrics: catalog.externalMetrics.length,
    };
    const now = JSON.stringify(fields);
    if (now === served) return;
    served = now;
    log.info('metrics are listed', fields);
  }

  return (round) => {
    const { outcomes, leftOut, catalog, durationSeconds } = round;
    const failed = failedQueries(outcomes);
    reportWay(round);
    metrics.relisted(outcomeOf(outcomes.length, failed.size), durationSeconds);
    metrics.metricsServed('custom', catalog.customMetrics.length);
    metrics.metricsServed('external', catalog.externalMetrics.length);
    const { custom, external } = rules();
    metrics.rulesFailing('custom', countOf(custom, failed));
    metrics.rulesFailing('external', countOf(external, failed));

    failing = reportFailures(log, failed, rules(), failing);
    // The same names are left out at every relist: once is enough.
    const shown = leftOut.slice(0, mostShown);
    const news = JSON.stringify([shown, leftOut.length]);
    if (news !== reported) {
      reported = news;
      for (const { series, name, why } of shown) {
        log.warn('a metric is not served, for no request can ask for it', { series, name, why });
      }
      if (leftOut.length > mostShown) {
        log.warn('more metrics are not served', { more: leftOut.length - mostShown });
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
  failed: ReadonlyMap<string, unknown>,
  { custom, external }: RuleLists,
  before: ReadonlySet<string>,
): ReadonlySet<string> {
  const causes = Map.groupBy(failed, ([, error]) => errorText(error));
  const fresh = [...causes].filter(([cause]) => !before.has(cause)).map(([, failures]) => failures);
  for (const failures of fresh.slice(0, mostShown)) {
    const [[seriesQuery, error] = []] = failures;
    const queries = new Set(failures.map(([query]) => query));
    const places = [...custom, ...external].filter((rule) => queries.has(rule.seriesQuery));
    log.warn('a series query failed; its rules keep what they found before, if anything', {
      rules: places.slice(0, mostShown).map(({ origin }) => ruleName(origin)),
      seriesQuery,
      ...(failures.length > 1 && { andOthers: failures.length - 1 }),
      error,
    });
  }
  const more = fresh.slice(mostShown).flat().length;
  if (more > 0) log.warn('more series queries failed', { more });
  if (before.size > 0 && causes.size === 0) log.info('all series queries succeed again');
  return new Set(causes.keys());
}

function failedQueries(outcomes: readonly DiscoveryOutcome[]): ReadonlyMap<string, unknown> {
  const failed = new Map<string, unknown>();
  for (const outcome of outcomes) {
    if ('error' in outcome) failed.set(outcome.seriesQuery, outcome.error);
  }
  return failed;
}

function outcomeOf(asked: number, failed: number): RelistOutcome {
  if (failed === 0) return 'success';
  return failed === asked ? 'failure' : 'partial';
}

function countOf(rules: readonly CompiledRule[], failed: ReadonlyMap<string, unknown>): number {
  return rules.filter(({ seriesQuery }) => failed.has(seriesQuery)).length;
}
