import { type ClusterResource, qualifiedName } from '../apimachinery/cluster-resource.ts';
import type { CompiledRule } from '../rules/rule.ts';

/** A metric of a kind of object: what custom.metrics.k8s.io serves. */
export interface CustomMetric {
  readonly name: string;
  readonly resource: ClusterResource;
  readonly rule: CompiledRule;
  /** Name of the series in Prometheus. */
  readonly series: string;
  /** The label with the name of the described object. */
  readonly resourceLabel: string;
  /** The label with its namespace; undefined where the resource is root-scoped. */
  readonly namespaceLabel: string | undefined;
}

/** A metric that describes no object: what external.metrics.k8s.io serves. */
export interface ExternalMetric {
  readonly name: string;
  readonly rule: CompiledRule;
  /** Name of the series in Prometheus. */
  readonly series: string;
  /** The label for the caller's namespace; undefined where the rule is not namespaced. */
  readonly namespaceLabel: string | undefined;
}

/** What is served at one moment. Immutable: a new one takes its place as a whole. */
export interface Catalog {
  custom(name: string, resource: ClusterResource): CustomMetric | undefined;
  external(name: string): ExternalMetric | undefined;
  /** Sorted by qualified resource and name. */
  readonly customMetrics: readonly CustomMetric[];
  /** Sorted by name. */
  readonly externalMetrics: readonly ExternalMetric[];
}

/** A catalog of these metrics; of two with the same key the later one counts. */
export function createCatalog(
  customMetrics: readonly CustomMetric[],
  externalMetrics: readonly ExternalMetric[],
): Catalog {
  const custom = new Map(
    customMetrics.map((metric) => [customKey(metric.name, metric.resource), metric]),
  );
  const external = new Map(externalMetrics.map((metric) => [metric.name, metric]));
  return Object.freeze({
    custom: (name: string, resource: ClusterResource) => custom.get(customKey(name, resource)),
    external: (name: string) => external.get(name),
    customMetrics: Object.freeze(sortedValues(custom)),
    externalMetrics: Object.freeze(sortedValues(external)),
  });
}

export const emptyCatalog: Catalog = createCatalog([], []);

/** The name of a custom metric in discovery documents, e.g. `jobs.batch/queue_length`. */
function customKey(name: string, resource: ClusterResource): string {
  return `${qualifiedName(resource)}/${name}`;
}

function sortedValues<Value>(byKey: ReadonlyMap<string, Value>): Value[] {
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
