import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices, type TimeSlices } from '../async/time-slices.ts';
import type { CompiledRule, LeftOutMetric } from '../rules/rule.ts';
import { type Catalog, type CustomMetric, createCatalogDraft, finishCatalog } from './catalog.ts';
import { createNamingCache, type NamingCache } from './naming-cache.ts';
import {
  namespaceLabelOf,
  queryKey,
  type RuleLists,
  requestNamespaceLabel,
} from './required-labels.ts';
import type { RuleOutcome } from './rule-outcome.ts';
import { createRuleTally, type RuleTally } from './rule-tally.ts';
import type { SeriesSnapshot } from './series-snapshot.ts';

export interface BuiltCatalog {
  readonly catalog: Catalog;
  readonly leftOut: readonly LeftOutMetric[];
  /** Of each rule, custom rules first, without the error of its series query. */
  readonly ruleOutcomes: readonly Omit<RuleOutcome, 'failure'>[];
}

/** The input of a catalog. */
export interface CatalogParts {
  readonly rules: RuleLists;
  /** By {@link queryKey}; a missing query found nothing. */
  readonly known: ReadonlyMap<string, SeriesSnapshot>;
  readonly mapper: ResourceMapper;
}

/**
 * Builds catalogs, one at a time. It caches metric names, and returns the same catalog for the same input, so
 * that documents of the catalog stay valid.
 *
 * The series of a rule are in the order of their names, and rules in their own order. The last series with
 * the same metric replaces the others.
 */
export function createCatalogBuilder(): (parts: CatalogParts) => Promise<BuiltCatalog> {
  const naming = createNamingCache();
  let last: { readonly parts: CatalogParts; readonly built: BuiltCatalog } | undefined;
  return async (parts) => {
    if (last !== undefined && isSame(last.parts, parts)) return last.built;
    const built = await buildCatalog(parts, naming, createTimeSlices());
    last = { parts, built };
    return built;
  };
}

function isSame(one: CatalogParts, other: CatalogParts): boolean {
  return (
    one.mapper === other.mapper &&
    haveSame(one.rules.custom, other.rules.custom) &&
    haveSame(one.rules.external, other.rules.external) &&
    one.known.size === other.known.size &&
    [...one.known].every(([seriesQuery, series]) => other.known.get(seriesQuery) === series)
  );
}

function haveSame(one: readonly CompiledRule[], other: readonly CompiledRule[]): boolean {
  return one.length === other.length && one.every((rule, i) => rule === other[i]);
}

async function buildCatalog(
  { rules, known, mapper }: CatalogParts,
  naming: NamingCache,
  slices: TimeSlices,
): Promise<BuiltCatalog> {
  const draft = createCatalogDraft();
  const leftOut: LeftOutMetric[] = [];
  const forEachNamed = async (rule: CompiledRule, use: UseNamed): Promise<RuleTally> => {
    const found = known.get(queryKey(rule));
    const { names, labels: labelSets } = found ?? { names: [], labels: [] };
    const tally = createRuleTally(rule, names.length, namespaceLabelOf(rule, mapper));
    const namings = await naming.of(rule, names, slices);
    for (const [i, series] of names.entries()) {
      const name = namings[i];
      const labels = labelSets[i];
      if (name === undefined || labels === undefined) continue;
      if (typeof name === 'string') use(name, series, labels, tally);
      else if ('excludedBy' in name) tally.without(name.excludedBy, series);
      else {
        leftOut.push(name);
        tally.without('unfit_name', series, name.why);
      }
      if (slices.isOver()) await slices.pause();
    }
    return tally;
  };
  const tallies: RuleTally[] = [];
  for (const rule of rules.custom) {
    const associationsOf = associationsByLabels(rule, mapper);
    const tally = await forEachNamed(rule, (name, series, labels, tally) => {
      const { associations, lacksNamespace } = associationsOf(labels);
      for (const association of associations) {
        draft.addCustom({ name, rule, series, ...association });
        tally.made(name);
      }
      if (lacksNamespace) tally.withoutLabel('no_namespace_label', series, labels);
      else if (associations.length === 0) tally.withoutLabel('no_resource_label', series, labels);
    });
    tallies.push(tally);
  }
  for (const rule of rules.external) {
    const { namespaced } = rule;
    const namespaceLabel = requestNamespaceLabel(rule, mapper);
    const tally = await forEachNamed(rule, (name, series, labels, tally) => {
      if (namespaced && !labels.has(namespaceLabel ?? '')) {
        tally.withoutLabel('no_namespace_label', series, labels);
      }
      // Without a label for the namespace, requests could not be answered.
      if (namespaced && namespaceLabel === undefined) return;
      draft.addExternal({ name, rule, series, namespaceLabel });
      tally.made(name);
    });
    tallies.push(tally);
  }
  const catalog = await finishCatalog(draft, slices);
  const metrics = await metricsByRule(catalog, slices);
  const ruleOutcomes = tallies.map((tally) =>
    tally.finish(metrics.get(tally.rule) ?? 0, known.get(queryKey(tally.rule))?.otherLabels ?? []),
  );
  return { catalog, leftOut, ruleOutcomes };
}

/** The number of metrics of a catalog by rule. */
async function metricsByRule(
  { customMetrics, externalMetrics }: Catalog,
  slices: TimeSlices,
): Promise<ReadonlyMap<CompiledRule, number>> {
  const counts = new Map<CompiledRule, number>();
  for (const metrics of [customMetrics, externalMetrics]) {
    for (const { rule } of metrics) {
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
      if (slices.isOver()) await slices.pause();
    }
  }
  return counts;
}

/** Called for each series that passes the filters of a rule, with the metric name. */
type UseNamed = (
  name: string,
  series: string,
  labels: ReadonlySet<string>,
  tally: RuleTally,
) => void;

/** The object and the namespace of a metric, by the labels of its series. */
type Association = Pick<CustomMetric, 'resource' | 'resourceLabel' | 'namespaceLabel'>;

interface Associations {
  readonly associations: readonly Association[];
  /** Whether a label maps to a namespaced resource, and none to its namespace. */
  readonly lacksNamespace: boolean;
}

/** Computed once for each set of labels, since thousands of series have the same. */
function associationsByLabels(
  rule: CompiledRule,
  mapper: ResourceMapper,
): (labels: ReadonlySet<string>) => Associations {
  const known = new Map<ReadonlySet<string>, Associations>();
  return (labels) => {
    const associations = known.get(labels) ?? associationsOf(rule, labels, mapper);
    known.set(labels, associations);
    return associations;
  };
}

function associationsOf(
  rule: CompiledRule,
  labels: ReadonlySet<string>,
  mapper: ResourceMapper,
): Associations {
  const described = rule.resources.describedBy(labels, mapper);
  const namespaceLabel = described.find(
    ({ resource }) => resource.group === '' && resource.resource === 'namespaces',
  )?.label;
  const associations = described
    .filter(({ resource }) => !resource.namespaced || namespaceLabel !== undefined)
    .map(({ resource, label }) => ({
      resource,
      resourceLabel: label,
      namespaceLabel: resource.namespaced ? namespaceLabel : undefined,
    }));
  return { associations, lacksNamespace: associations.length < described.length };
}
