import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { createTimeSlices, type TimeSlices } from '../scheduling/time-slices.ts';
import { type Catalog, type CustomMetric, finishCatalog } from './catalog.ts';
import { createCatalogDraft } from './catalog-draft.ts';
import type { KnownSeries } from './known-series.ts';
import type { RuleLists } from './label-needs.ts';
import { createSeriesNaming, type LeftOutMetric, type SeriesNaming } from './series-naming.ts';

export interface BuiltCatalog {
  readonly catalog: Catalog;
  readonly leftOut: readonly LeftOutMetric[];
}

/** What a catalog is made of. */
export interface CatalogParts {
  readonly rules: RuleLists;
  /** By the text of the series query; one that is missing has found nothing. */
  readonly known: ReadonlyMap<string, KnownSeries>;
  readonly mapper: ResourceMapper;
}

/**
 * Makes catalogs, one at a time. It remembers what rules make of names, and of the same parts it
 * makes the same catalog, so that whatever was made of that one stays good.
 *
 * Within one rule the series are taken in the order of their names and rules in the order of the
 * file: of two that give the same metric the later one wins.
 */
export function createCatalogBuilder(): (parts: CatalogParts) => Promise<BuiltCatalog> {
  const naming = createSeriesNaming();
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
  naming: SeriesNaming,
  slices: TimeSlices,
): Promise<BuiltCatalog> {
  const draft = createCatalogDraft();
  const leftOut: LeftOutMetric[] = [];
  const forEachNamed = async (rule: CompiledRule, use: UseNamed): Promise<void> => {
    const found = known.get(rule.seriesQuery);
    if (found === undefined) return;
    const namings = await naming.of(rule, found.names, slices);
    for (const [i, series] of found.names.entries()) {
      const name = namings[i];
      const labels = found.labels[i];
      if (typeof name === 'object') leftOut.push(name);
      else if (name !== undefined && labels !== undefined) use(name, series, labels);
      if (slices.isOver()) await slices.pause();
    }
  };
  for (const rule of rules.custom) {
    const associationsOf = associationsByLabels(rule, mapper);
    await forEachNamed(rule, (name, series, labels) => {
      for (const association of associationsOf(labels)) {
        draft.addCustom({ name, rule, series, ...association });
      }
    });
  }
  for (const rule of rules.external) {
    const namespaced = rule.definition.resources.namespaced;
    const namespaceLabel = namespaced ? namespaceLabelOf(rule, mapper) : undefined;
    await forEachNamed(rule, (name, series) => {
      // Namespaced without a label for it: it could never be answered.
      if (namespaced && namespaceLabel === undefined) return;
      draft.addExternal({ name, rule, series, namespaceLabel });
    });
  }
  return { catalog: await finishCatalog(draft, slices), leftOut };
}

/** Takes a series that passes a rule's filters, with the name that the rule gives it. */
type UseNamed = (name: string, series: string, labels: ReadonlySet<string>) => void;

/** What a series' labels say of the metrics that it gives. */
type Association = Pick<CustomMetric, 'resource' | 'resourceLabel' | 'namespaceLabel'>;

/** Found out once for each set of labels: thousands of series have the same. */
function associationsByLabels(
  rule: CompiledRule,
  mapper: ResourceMapper,
): (labels: ReadonlySet<string>) => readonly Association[] {
  const known = new Map<ReadonlySet<string>, readonly Association[]>();
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
): readonly Association[] {
  const described = rule.resources.describedBy(labels, mapper);
  const namespaceLabel =
    described.find(({ resource }) => resource.group === '' && resource.resource === 'namespaces')
      ?.label ?? namespaceLabelOf(rule, mapper);
  return described
    .filter(({ resource }) => !resource.namespaced || namespaceLabel !== undefined)
    .map(({ resource, label }) => ({
      resource,
      resourceLabel: label,
      namespaceLabel: resource.namespaced ? namespaceLabel : undefined,
    }));
}

function namespaceLabelOf(rule: CompiledRule, mapper: ResourceMapper): string | undefined {
  const namespaces = mapper.find('', 'namespaces');
  return namespaces && rule.resources.labelOf(namespaces, mapper);
}
