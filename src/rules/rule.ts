import { finish, type Steps } from '../async/steps.ts';
import type { ReportFault } from './fault.ts';
import type { DiscoveryRule, ResourceRule, ResourceRules } from './template-rule/definition.ts';
import type { QueryLanguage } from './template-rule/injection-guard.ts';
import { compileNaming, type MetricNaming } from './template-rule/metric-name.ts';
import { compileMetricsQueryInSteps, type MetricsQuery } from './template-rule/metrics-query.ts';
import { compileResourceLabels, type ResourceLabels } from './template-rule/resource-labels.ts';
import { compileSeriesFilters, type SeriesNamePredicate } from './template-rule/series-filter.ts';

/** Which list of the rules file a rule is in. */
export type RuleKind = 'custom' | 'external';

/** One entry of `rules` or `externalRules`, ready for use. */
export interface CompiledRule {
  readonly kind: RuleKind;
  /** Its place in its list of the rules file, from 0. */
  readonly index: number;
  readonly definition: DiscoveryRule;
  /** Without the white space around it, so that rules alike but for that share a request. */
  readonly seriesQuery: string;
  /** `seriesFilters`, by the name of a series. */
  readonly matches: SeriesNamePredicate;
  /** The API name of a series; undefined where `name.matches` leaves the series out. */
  readonly metricName: MetricNaming;
  readonly resources: ResourceLabels;
  readonly query: MetricsQuery;
}

/** A rule of which some parts may not compile. */
export type RuleParts = Pick<CompiledRule, 'kind' | 'index' | 'definition' | 'seriesQuery'> &
  Partial<CompiledRule>;

/** Compiles each part of a rule, reporting every error in it and not only the first. */
export function compileRuleParts(
  definition: DiscoveryRule,
  place: Pick<CompiledRule, 'kind' | 'index'>,
  language: QueryLanguage,
  report: ReportFault,
): RuleParts {
  return finish(compileRulePartsInSteps(definition, place, language, report));
}

/** As {@link compileRuleParts}. */
export function* compileRulePartsInSteps(
  definition: DiscoveryRule,
  { kind, index }: Pick<CompiledRule, 'kind' | 'index'>,
  language: QueryLanguage,
  report: ReportFault,
): Steps<RuleParts> {
  const matches = yield* compileSeriesFilters(definition.seriesFilters, report);
  yield;
  const metricName = compileNaming(definition.name, report);
  yield;
  const resources = compileResourceLabels(definition.resources, report);
  yield;
  const path = ['metricsQuery'];
  const query = yield* compileMetricsQueryInSteps(definition.metricsQuery, path, language, report);
  return Object.freeze({
    kind,
    index,
    definition,
    seriesQuery: definition.seriesQuery.trim(),
    ...(matches && { matches }),
    ...(metricName && { metricName }),
    ...(resources && { resources }),
    ...(query && { query }),
  });
}

/** Where a rule is in the rules file, e.g. `rules[3]`. */
export function rulePlace({ kind, index }: Pick<CompiledRule, 'kind' | 'index'>): string {
  return `${kind === 'custom' ? 'rules' : 'externalRules'}[${index}]`;
}

/** Whether every part has been compiled: none was reported as an error. */
export function isWholeRule(parts: RuleParts): parts is CompiledRule {
  const { matches, metricName, resources, query } = parts;
  return [matches, metricName, resources, query].every((part) => part !== undefined);
}

/** `resourceRules.cpu` or `resourceRules.memory`, ready for use. */
export interface CompiledResourceRule {
  readonly containerQuery: MetricsQuery;
  readonly nodeQuery: MetricsQuery;
  readonly resources: ResourceLabels;
  /** The label with a container's name; empty where the rule names none. */
  readonly containerLabel: string;
}

export interface CompiledResourceRules {
  readonly definition: ResourceRules;
  readonly cpu: CompiledResourceRule;
  readonly memory: CompiledResourceRule;
  /** Milliseconds. */
  readonly window: number;
}

/**
 * Compiles `resourceRules`.
 *
 * @returns undefined when an error was reported.
 */
export function compileResourceRules(
  definition: ResourceRules,
  language: QueryLanguage,
  report: ReportFault,
): CompiledResourceRules | undefined {
  return finish(compileResourceRulesInSteps(definition, language, report));
}

/** As {@link compileResourceRules}. */
export function* compileResourceRulesInSteps(
  definition: ResourceRules,
  language: QueryLanguage,
  report: ReportFault,
): Steps<CompiledResourceRules | undefined> {
  const cpu = yield* compileResourceRule(definition.cpu, 'cpu', language, report);
  const memory = yield* compileResourceRule(definition.memory, 'memory', language, report);
  return cpu && memory && Object.freeze({ definition, cpu, memory, window: definition.window });
}

function* compileResourceRule(
  definition: ResourceRule,
  name: 'cpu' | 'memory',
  language: QueryLanguage,
  reportFault: ReportFault,
): Steps<CompiledResourceRule | undefined> {
  const report: ReportFault = (fault) => reportFault({ ...fault, path: [name, ...fault.path] });
  const queryOf = (field: 'containerQuery' | 'nodeQuery'): Steps<MetricsQuery | undefined> =>
    compileMetricsQueryInSteps(definition[field], [field], language, report);
  const containerQuery = yield* queryOf('containerQuery');
  const nodeQuery = yield* queryOf('nodeQuery');
  const resources = compileResourceLabels(definition.resources, report);
  if (!containerQuery || !nodeQuery || !resources) return undefined;
  const { containerLabel } = definition;
  return Object.freeze({ containerQuery, nodeQuery, resources, containerLabel });
}
