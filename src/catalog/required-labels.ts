import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import type { CompiledRule, ObjectLabels } from '../rules/rule.ts';
import type { RuleSet } from '../rules/rule-set.ts';

/** The rules that a catalog is made by. */
export type RuleLists = Pick<RuleSet, 'custom' | 'external'>;

/** What the rules with one series query need to know of the labels of the series. */
export interface LabelNeeds {
  /** Labels of which they need to know whether a series has them. */
  readonly labels: ReadonlySet<string>;
  /** Those that read resources out of labels that only Prometheus knows. */
  readonly templates: readonly ObjectLabels[];
}

/**
 * The distinct series queries of the rules, in the order of the file, with what is needed of each.
 * External rules need the label of the namespace only, to tell whether it is there.
 */
export function labelNeedsOf(
  rules: RuleLists,
  mapper: ResourceMapper,
): ReadonlyMap<string, LabelNeeds> {
  const needs = new Map<string, { labels: Set<string>; templates: ObjectLabels[] }>();
  for (const rule of [...rules.custom, ...rules.external]) {
    const { seriesQuery, kind, resources } = rule;
    if (seriesQuery === '') continue;
    const needed = needs.get(seriesQuery) ?? { labels: new Set(), templates: [] };
    needs.set(seriesQuery, needed);
    if (kind === 'external') {
      const label = requestNamespaceLabel(rule, mapper);
      if (label !== undefined) needed.labels.add(label);
      continue;
    }
    // Whether or not the cluster has the resource now: it may get it before the next round.
    for (const label of resources.fixedLabels) needed.labels.add(label);
    if (resources.readsOtherLabels) needed.templates.push(resources);
    // It is the name of the series, and no label of it.
    needed.labels.delete('__name__');
  }
  return needs;
}

/** The label that stands for the namespace whatever the series; undefined where the rule has none. */
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
