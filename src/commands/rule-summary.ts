import { qualifiedName, type ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { checkSeriesSelector, parseSeriesSelector } from '../promql/series-selector.ts';
import {
  containerRequest,
  describedResources,
  exampleRequest,
  nodeRequest,
} from '../rules/checks/example-request.ts';
import { ruleName } from '../rules/origin.ts';
import { QueryError, type QueryRequest, type RuleQuery } from '../rules/query.ts';
import { shareQuery } from '../rules/shared-query.ts';
import type { ResourceLabels } from '../rules/template-rule/resource-labels.ts';
import type { TemplateResourceRule, TemplateRule } from '../rules/template-rule/template-rule.ts';
import type { Configuration } from '../sources/file/configuration.ts';

/** A summary of a rule for users. */
export interface RuleSummary {
  /** The field of the rule, e.g. `rules[0]` or `resourceRules.cpu`. */
  readonly field: string;
  /** Names and values in display order. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

const EXCLUDED = '(excluded by seriesFilters or name.matches)';

/** A placeholder for the name of the series, if the series query has no exact name. */
const ANY_SERIES = 'SERIES';

const NAMES = { series: '', namespace: 'default', objects: ['example'] };

/** Summaries of all rules of a configuration, in the order of the file. */
export function summarize(
  configuration: Configuration,
  mapper: ResourceMapper,
): readonly RuleSummary[] {
  const { custom, external, resource } = configuration;
  return [
    ...[...custom, ...external].map((rule) => summarizeRule(rule, mapper)),
    ...(resource === undefined
      ? []
      : [
          summarizeResourceRule(resource.cpu, `${ruleName(resource.origin)}.cpu`, mapper),
          summarizeResourceRule(resource.memory, `${ruleName(resource.origin)}.memory`, mapper),
        ]),
  ];
}

function summarizeRule(rule: TemplateRule, mapper: ResourceMapper): RuleSummary {
  const { seriesFilters } = rule.definition;
  const filters = seriesFilters.map(({ is, isNot }) => (is === '' ? `not ${isNot}` : is));
  const series = nameOfSeries(rule);
  const example = requestFor(rule, series ?? ANY_SERIES, mapper);
  return {
    field: ruleName(rule.origin),
    facts: withoutEmpty([
      ['series', rule.seriesQuery],
      ['filters', filters.join(', ')],
      ['name', describeName(rule, series)],
      ['resources', describeResources(rule.resources, rule.definition.resources.template)],
      ['query', expand(rule.query, example)],
      ['sharing', describeSharing(rule, example)],
    ]),
  };
}

/** The name of the series, if the series query has an exact name. */
function nameOfSeries(rule: TemplateRule): string | undefined {
  if (checkSeriesSelector(rule.seriesQuery).length > 0) return undefined;
  return parseSeriesSelector(rule.seriesQuery).name;
}

function describeName(rule: TemplateRule, series: string | undefined): string {
  const { matches, as } = rule.definition.name;
  if (series !== undefined) {
    const metric = rule.matches(series) ? rule.metricName(series) : undefined;
    return `${series} -> ${metric === undefined ? EXCLUDED : metric || describeEmptyName(as)}`;
  }
  if (matches === '') return as === '' ? 'as the series' : as;
  return as === '' ? `what ${matches} matches` : `${matches} -> ${as}`;
}

/** Explains `$1_x`, which is the group named `1_x` and not the first group followed by `_x`. */
function describeEmptyName(as: string): string {
  const [written] = /\$\d+[A-Za-z_]\w*/.exec(as) ?? [];
  const why = written === undefined ? '' : `; ${written} is the group named ${written.slice(1)}`;
  return `(not served: the name is empty${why})`;
}

function describeResources(resources: ResourceLabels, template: string): string {
  const overrides = [...resources.overrides].map(
    ([label, reference]) => `${label} -> ${qualifiedName(reference)}`,
  );
  return [...overrides, ...(template === '' ? [] : [`labels like ${template}`])].join(', ');
}

/** Whether requests for different objects can share a query; empty for external metrics. */
function describeSharing({ definition, query, kind }: TemplateRule, example: QueryRequest): string {
  if (!definition.sharing) return 'off';
  if (kind === 'external') return '';
  const sharing = shareQuery(query, example);
  return sharing.shared === undefined
    ? `not by object: ${sharing.reason}`
    : `by object: ${oneLine(sharing.shared.promql)}`;
}

/** For the namespace `default`, and in custom rules for an object named `example`. */
function requestFor(rule: TemplateRule, series: string, mapper: ResourceMapper): QueryRequest {
  const [resource] = describedResources(rule.resources, mapper);
  return exampleRequest(rule, resource, mapper, { ...NAMES, series });
}

function summarizeResourceRule(
  rule: TemplateResourceRule,
  field: string,
  mapper: ResourceMapper,
): RuleSummary {
  return {
    field,
    facts: withoutEmpty([
      ['containers', expand(rule.containerQuery, containerRequest(rule, mapper, NAMES))],
      ['nodes', expand(rule.nodeQuery, nodeRequest(rule, mapper, NAMES))],
    ]),
  };
}

/** The query on one line, or why it cannot be generated. */
function expand(query: RuleQuery, request: QueryRequest): string {
  try {
    return oneLine(query.for(request));
  } catch (error) {
    if (error instanceof QueryError) return `(none: ${error.message})`;
    throw error;
  }
}

function oneLine(query: string): string {
  return query.trim().replaceAll(/\s*\n\s*/g, ' ');
}

function withoutEmpty(facts: RuleSummary['facts']): RuleSummary['facts'] {
  return facts.filter(([, value]) => value !== '');
}
