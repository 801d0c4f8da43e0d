import { type ClusterResource, qualifiedName } from '../apimachinery/cluster-resource.ts';
import { sortInSlices } from '../async/sort-in-slices.ts';
import type { TimeSlices } from '../async/time-slices.ts';
import type { CompiledRule } from '../rules/rule.ts';

/** A metric of objects, for custom.metrics.k8s.io. */
export interface CustomMetric {
  readonly name: string;
  readonly resource: ClusterResource;
  readonly rule: CompiledRule;
  /** Name of the series in Prometheus. */
  readonly series: string;
  /** The label with the name of the described object. */
  readonly resourceLabel: string;
  /** The label with its namespace; undefined if the resource is root-scoped. */
  readonly namespaceLabel: string | undefined;
}

/** A metric that describes no object, for external.metrics.k8s.io. */
export interface ExternalMetric {
  readonly name: string;
  readonly rule: CompiledRule;
  /** Name of the series in Prometheus. */
  readonly series: string;
  /** The label for the namespace of the request; undefined if the rule is not namespaced. */
  readonly namespaceLabel: string | undefined;
}

/** The served metrics. Immutable: a new catalog replaces it. */
export interface Catalog {
  custom(name: string, resource: ClusterResource): CustomMetric | undefined;
  external(name: string): ExternalMetric | undefined;
  /** Sorted by qualified resource and name. */
  readonly customMetrics: readonly CustomMetric[];
  /** Sorted by name. */
  readonly externalMetrics: readonly ExternalMetric[];
}

export const emptyCatalog: Catalog = catalogOf(createCatalogDraft(), [], []);

/** Builds the catalog of a draft in time slices. The draft must not be changed afterwards. */
export async function finishCatalog(draft: CatalogDraft, slices: TimeSlices): Promise<Catalog> {
  const customMetrics: CustomMetric[] = [];
  for (const [, metrics] of inOrder(draft.custom)) {
    for (const metric of await sortInSlices(metrics.values(), before, slices)) {
      customMetrics.push(metric);
      if (slices.isOver()) await slices.pause();
    }
  }
  const externalMetrics = await sortInSlices(draft.external.values(), before, slices);
  return catalogOf(draft, customMetrics, externalMetrics);
}

interface Named {
  readonly name: string;
}

function before(one: Named, other: Named): boolean {
  return one.name < other.name;
}

function catalogOf(
  { custom, external }: CatalogDraft,
  customMetrics: readonly CustomMetric[],
  externalMetrics: readonly ExternalMetric[],
): Catalog {
  return Object.freeze({
    custom: (name: string, resource: ClusterResource) =>
      custom.get(qualifiedName(resource))?.get(name),
    external: (name: string) => external.get(name),
    customMetrics: Object.freeze(customMetrics),
    externalMetrics: Object.freeze(externalMetrics),
  });
}

/** The metrics of a catalog that is being built. A metric replaces an earlier one with the same key. */
export interface CatalogDraft {
  addCustom(metric: CustomMetric): void;
  addExternal(metric: ExternalMetric): void;
  /** By name, for each resource by its qualified name. */
  readonly custom: ReadonlyMap<string, ReadonlyMap<string, CustomMetric>>;
  /** By name. */
  readonly external: ReadonlyMap<string, ExternalMetric>;
}

export function createCatalogDraft(): CatalogDraft {
  const custom = new Map<string, Map<string, CustomMetric>>();
  const external = new Map<string, ExternalMetric>();
  return {
    custom,
    external,
    addCustom(metric) {
      const resource = qualifiedName(metric.resource);
      const named = custom.get(resource) ?? new Map<string, CustomMetric>();
      custom.set(resource, named);
      named.set(metric.name, metric);
    },
    addExternal(metric) {
      external.set(metric.name, metric);
    },
  };
}

/**
 * Sorts resources in the order of `<resource>/<metric>`, the names in discovery documents: `jobs.batch`
 * before `jobs`.
 */
export function inOrder<Value>(
  byResource: ReadonlyMap<string, Value>,
): readonly (readonly [resource: string, value: Value])[] {
  return [...byResource].sort(([one], [other]) => (`${one}/` < `${other}/` ? -1 : 1));
}
