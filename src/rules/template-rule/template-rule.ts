import { finish, type Steps } from '../../async/steps.ts';
import type { ReportFault } from '../fault.ts';
import type { RuleOrigin } from '../origin.ts';
import type {
  CompiledResourceRule,
  CompiledResourceRules,
  CompiledRule,
  RuleKind,
} from '../rule.ts';
import type { DiscoveryRule, ResourceRule, ResourceRules } from './definition.ts';
import type { QueryLanguage } from './injection-guard.ts';
import { compileNaming, type MetricNaming } from './metric-name.ts';
import { compileMetricsQueryInSteps, type TemplateQuery } from './metrics-query.ts';
import { compileResourceLabels, type ResourceLabels } from './resource-labels.ts';
import { compileSeriesFilters, type SeriesNamePredicate } from './series-filter.ts';
import { seriesNaming } from './series-naming.ts';

/** One entry of `rules` or `externalRules`, compiled. */
export interface TemplateRule extends CompiledRule {
  readonly definition: DiscoveryRule;
  /** `seriesFilters`, by the name of a series. */
  readonly matches: SeriesNamePredicate;
  /** The API name of a series; undefined if `name.matches` excludes the series. */
  readonly metricName: MetricNaming;
  readonly resources: ResourceLabels;
  readonly query: TemplateQuery;
}

/** The list and the place of a rule. */
export interface RulePlace {
  readonly kind: RuleKind;
  readonly origin: RuleOrigin;
}

type AlwaysCompiled = 'kind' | 'origin' | 'definition' | 'seriesQuery' | 'namespaced' | 'sharing';

/** A rule of which some parts may not compile. */
export type RuleParts = Pick<TemplateRule, AlwaysCompiled> & Partial<TemplateRule>;

/** Compiles each part of a rule, and reports every error in it. */
export function compileRuleParts(
  definition: DiscoveryRule,
  place: RulePlace,
  language: QueryLanguage,
  report: ReportFault,
): RuleParts {
  return finish(compileRulePartsInSteps(definition, place, language, report));
}

/** As {@link compileRuleParts}. */
export function* compileRulePartsInSteps(
  definition: DiscoveryRule,
  { kind, origin }: RulePlace,
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
    origin,
    definition,
    // Without surrounding white space, so that equal queries share a request.
    seriesQuery: definition.seriesQuery.trim(),
    namespaced: definition.resources.namespaced,
    sharing: definition.sharing,
    ...(matches && { matches }),
    ...(metricName && { metricName }),
    ...(resources && { resources }),
    ...(query && { query }),
    ...(matches &&
      metricName &&
      query && { namingOf: seriesNaming({ kind, matches, metricName, query }) }),
  });
}

/** Whether every part is compiled: none was reported as an error. */
export function isWholeRule(parts: RuleParts): parts is TemplateRule {
  const { namingOf, resources } = parts;
  return namingOf !== undefined && resources !== undefined;
}

/** `resourceRules.cpu` or `resourceRules.memory`, compiled. */
export interface TemplateResourceRule extends CompiledResourceRule {
  readonly containerQuery: TemplateQuery;
  readonly nodeQuery: TemplateQuery;
  readonly resources: ResourceLabels;
}

/** `resourceRules`, compiled. */
export interface TemplateResourceRules extends CompiledResourceRules {
  readonly definition: ResourceRules;
  readonly cpu: TemplateResourceRule;
  readonly memory: TemplateResourceRule;
}

/**
 * Compiles `resourceRules`.
 *
 * @returns undefined if an error was reported
 */
export function compileResourceRules(
  definition: ResourceRules,
  origin: RuleOrigin,
  language: QueryLanguage,
  report: ReportFault,
): TemplateResourceRules | undefined {
  return finish(compileResourceRulesInSteps(definition, origin, language, report));
}

/** As {@link compileResourceRules}. */
export function* compileResourceRulesInSteps(
  definition: ResourceRules,
  origin: RuleOrigin,
  language: QueryLanguage,
  report: ReportFault,
): Steps<TemplateResourceRules | undefined> {
  const cpu = yield* compileResourceRule(definition.cpu, 'cpu', language, report);
  const memory = yield* compileResourceRule(definition.memory, 'memory', language, report);
  const { window } = definition;
  return cpu && memory && Object.freeze({ origin, definition, cpu, memory, window });
}

function* compileResourceRule(
  definition: ResourceRule,
  name: 'cpu' | 'memory',
  language: QueryLanguage,
  reportFault: ReportFault,
): Steps<TemplateResourceRule | undefined> {
  const report: ReportFault = (fault) => reportFault({ ...fault, path: [name, ...fault.path] });
  const queryOf = (field: 'containerQuery' | 'nodeQuery'): Steps<TemplateQuery | undefined> =>
    compileMetricsQueryInSteps(definition[field], [field], language, report);
  const containerQuery = yield* queryOf('containerQuery');
  const nodeQuery = yield* queryOf('nodeQuery');
  const resources = compileResourceLabels(definition.resources, report);
  if (!containerQuery || !nodeQuery || !resources) return undefined;
  // `.LabelValuesByName` has one namespace.
  const isForOneNamespace = containerQuery.text.includes('LabelValuesByName');
  const { containerLabel } = definition;
  return Object.freeze({ containerQuery, isForOneNamespace, nodeQuery, resources, containerLabel });
}
