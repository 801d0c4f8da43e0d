import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import type { CompiledRule, ObjectLabels } from '../rules/rule.ts';
import type { RuleSet } from '../rules/rule-set.ts';

/** The rules of a catalog. */
export type RuleLists = Pick<RuleSet, 'custom' | 'external'>;

/** A series query, and the labels of its series that the rules with this query require. */
export interface RequiredLabels {
  readonly seriesQuery: string;
  /** The name of the Prometheus server. Undefined: the default server. */
  readonly prometheus?: string | undefined;
  /** The rules depend on which series have each of these labels. */
  readonly labels: ReadonlySet<string>;
  /** Rules that read resources from other labels of the series. */
  readonly templates: readonly ObjectLabels[];
}

/** Identifies a series query on a server. Rules with the same key share one discovery. */
export function queryKey({
  prometheus,
  seriesQuery,
}: Pick<RequiredLabels, 'seriesQuery' | 'prometheus'>): string {
  return prometheus === undefined ? seriesQuery : JSON.stringify([prometheus, seriesQuery]);
}

/**
 * The distinct series queries of the rules, by {@link queryKey} and in the order of the rules. External rules
 * only require the label for the namespace.
 */
export function requiredLabels(
  rules: RuleLists,
  mapper: ResourceMapper,
): ReadonlyMap<string, RequiredLabels> {
  const queries = new Map<
    string,
    RequiredLabels & { labels: Set<string>; templates: ObjectLabels[] }
  >();
  for (const rule of [...rules.custom, ...rules.external]) {
    const { prometheus, seriesQuery, kind, resources } = rule;
    if (seriesQuery === '') continue;
    const key = queryKey(rule);
    const query = queries.get(key) ?? {
      seriesQuery,
      prometheus,
      labels: new Set(),
      templates: [],
    };
    queries.set(key, query);
    if (kind === 'external') {
      const label = requestNamespaceLabel(rule, mapper);
      if (label !== undefined) query.labels.add(label);
      continue;
    }
    // Includes labels of resources that the cluster does not have yet: it may get them before the next
    // relist.
    for (const label of resources.fixedLabels) query.labels.add(label);
    if (resources.readsOtherLabels) query.templates.push(resources);
    // The name of the series is not one of its labels here.
    query.labels.delete('__name__');
  }
  return queries;
}

/** The label for the namespace of any series of the rule; undefined if the rule has none. */
export function namespaceLabelOf(
  { resources }: CompiledRule,
  mapper: ResourceMapper,
): string | undefined {
  const namespaces = mapper.find('', 'namespaces');
  return namespaces && resources.labelOf(namespaces, mapper);
}

/** The label that matches the namespace of a request for an external metric. */
export function requestNamespaceLabel(
  rule: CompiledRule,
  mapper: ResourceMapper,
): string | undefined {
  return rule.namespaced ? namespaceLabelOf(rule, mapper) : undefined;
}
