import { qualifiedName } from '../apimachinery/cluster-resource.ts';
import type { CustomMetric, ExternalMetric } from './catalog.ts';

/** The metrics of a catalog to be: of two with the same key the later one counts. */
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
 * Resources in the order of `<resource>/<metric>`, the names in discovery documents: `jobs.batch`
 * comes before `jobs`.
 */
export function inOrder<Value>(
  byResource: ReadonlyMap<string, Value>,
): readonly (readonly [resource: string, value: Value])[] {
  return [...byResource].sort(([one], [other]) => (`${one}/` < `${other}/` ? -1 : 1));
}
