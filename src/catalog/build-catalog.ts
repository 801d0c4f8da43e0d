import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { isPlainSeries } from '../rules/foreign-text.ts';
import { unreachableName } from '../rules/metric-name.ts';
import { QueryError, UnsafeNameError } from '../rules/metrics-query.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { type Catalog, type CustomMetric, createCatalog, type ExternalMetric } from './catalog.ts';

/** The series that a series query found: their names, and for each the names of its labels. */
export type DiscoveredSeries = ReadonlyMap<string, ReadonlySet<string>>;

/** The rules that a catalog is made by. */
export interface RuleLists {
  readonly custom: readonly CompiledRule[];
  readonly external: readonly CompiledRule[];
}

/** A metric that was found and cannot be served: its name, or that of its series, is unfit. */
export interface LeftOutMetric {
  readonly series: string;
  readonly name: string;
  readonly why: string;
}

/**
 * Makes the catalog of the series found for each series query. Within one rule the series are
 * taken in the order of their names and rules in the order of the file: of two that give the same
 * metric the later one wins.
 *
 * @param discovered by the text of the series query; one that is missing has found nothing.
 */
export function buildCatalog(
  rules: RuleLists,
  discovered: ReadonlyMap<string, DiscoveredSeries>,
  mapper: ResourceMapper,
): { catalog: Catalog; leftOut: readonly LeftOutMetric[] } {
  const leftOut: LeftOutMetric[] = [];
  const named = (rule: CompiledRule): readonly NamedSeries[] =>
    namedSeries(rule, discovered.get(rule.seriesQuery), leftOut);

  const customMetrics = rules.custom.flatMap((rule) =>
    named(rule).flatMap((series) => customMetricsOf(rule, series, mapper)),
  );
  const externalMetrics = rules.external.flatMap((rule) =>
    named(rule).flatMap((series) => externalMetricOf(rule, series, mapper)),
  );
  return { catalog: createCatalog(customMetrics, externalMetrics), leftOut };
}

interface NamedSeries {
  readonly series: string;
  readonly name: string;
  readonly labels: ReadonlySet<string>;
}

/** The series that pass the rule's filters, with the names it gives them. */
function namedSeries(
  rule: CompiledRule,
  found: DiscoveredSeries | undefined,
  leftOut: LeftOutMetric[],
): readonly NamedSeries[] {
  const named: NamedSeries[] = [];
  for (const [series, labels] of [...(found ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!rule.matches(series)) continue;
    const name = rule.metricName(series);
    if (name === undefined) continue;
    const why = unreachableName(name) ?? unaskableSeries(rule, series);
    if (why === undefined) named.push({ series, name, labels });
    else leftOut.push({ series, name, why });
  }
  return named;
}

/** Why the rule's query cannot ask for a series, whatever the request, or undefined where it can. */
function unaskableSeries(rule: CompiledRule, series: string): string | undefined {
  if (isPlainSeries(series)) return undefined;
  try {
    rule.query.for({
      series,
      selector: [],
      namespace: { label: 'namespace', value: 'default' },
      ...(rule.kind === 'custom' && { objects: { label: 'pod', names: ['web-0'] } }),
      groupBy: rule.kind === 'custom' ? ['pod'] : [],
    });
    return undefined;
  } catch (error) {
    if (error instanceof UnsafeNameError) return error.message;
    // What else keeps a template from making a query may be otherwise for another request.
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

function customMetricsOf(
  rule: CompiledRule,
  { series, name, labels }: NamedSeries,
  mapper: ResourceMapper,
): readonly CustomMetric[] {
  const described = rule.resources.describedBy(labels, mapper);
  const namespaceLabel =
    described.find(({ resource }) => resource.group === '' && resource.resource === 'namespaces')
      ?.label ?? namespaceLabelOf(rule, mapper);
  return described
    .filter(({ resource }) => !resource.namespaced || namespaceLabel !== undefined)
    .map(({ resource, label }) => ({
      name,
      resource,
      rule,
      series,
      resourceLabel: label,
      namespaceLabel: resource.namespaced ? namespaceLabel : undefined,
    }));
}

/** None where the rule is namespaced and has no label for it: it could never be answered. */
function externalMetricOf(
  rule: CompiledRule,
  { series, name }: NamedSeries,
  mapper: ResourceMapper,
): readonly ExternalMetric[] {
  if (!rule.definition.resources.namespaced) {
    return [{ name, rule, series, namespaceLabel: undefined }];
  }
  const namespaceLabel = namespaceLabelOf(rule, mapper);
  return namespaceLabel === undefined ? [] : [{ name, rule, series, namespaceLabel }];
}

function namespaceLabelOf(rule: CompiledRule, mapper: ResourceMapper): string | undefined {
  const namespaces = mapper.find('', 'namespaces');
  return namespaces && rule.resources.labelOf(namespaces, mapper);
}
