import type { ClusterResource, ResourceMapper } from '../apimachinery/cluster-resource.ts';
import type { RuleOrigin } from './origin.ts';
import type { RuleQuery } from './query.ts';

// The interface of a rule for the catalog, the metrics and the sharing of queries. It does not depend on the
// language of the rule. `template-rule/` has the implementation for the rules of prometheus-adapter.

/** The API that serves the metrics of a rule. */
export type RuleKind = 'custom' | 'external';

/** A rule for custom or external metrics, ready for use. Immutable. */
export interface CompiledRule {
  readonly kind: RuleKind;
  readonly origin: RuleOrigin;
  /** The name of the Prometheus server of the rule. Undefined: the default server. */
  readonly prometheus?: string | undefined;
  /** The series selector that finds the series of the rule. Empty: the rule has no metrics. */
  readonly seriesQuery: string;
  /** The metric of a series. The result depends on nothing but the name. */
  readonly namingOf: (series: string) => Naming;
  /** Which labels of a series identify which objects. */
  readonly resources: ObjectLabels;
  /** External rules: whether a request selects the series of its namespace. */
  readonly namespaced: boolean;
  /** Whether one query may answer several requests. */
  readonly sharing: boolean;
  readonly query: RuleQuery;
}

/** The result for the name of a series: the name of a metric, or why there is none. */
export type Naming = string | LeftOutMetric | ExcludedSeries;

/** A metric that no request can name, or whose series no query can name. */
export interface LeftOutMetric {
  readonly series: string;
  readonly name: string;
  /** A clause. */
  readonly why: string;
}

/** The rule excludes the series with `seriesFilters` or `name.matches`. */
export interface ExcludedSeries {
  readonly excludedBy: 'series_filters' | 'name_matches';
}

/** Which labels of a series identify which objects of the cluster. */
export interface ObjectLabels {
  /** Labels that identify objects, whether or not the cluster has their resource at the moment. */
  readonly fixedLabels: Iterable<string>;
  /** Whether {@link describedBy} reads other labels, too. */
  readonly readsOtherLabels: boolean;
  /** The resources that a series with these labels describes, one label each. */
  describedBy(labels: Iterable<string>, mapper: ResourceMapper): readonly LabelledResource[];
  /** The label for a resource, for any series of the rule. */
  labelOf(resource: ClusterResource, mapper: ResourceMapper): string | undefined;
}

/** A label of a series whose values are names of objects. */
export interface LabelledResource {
  readonly label: string;
  readonly resource: ClusterResource;
}

/** The rule for the usage of CPU or of memory, ready for use. */
export interface CompiledResourceRule {
  /** The name of the Prometheus server of the rule. Undefined: the default server. */
  readonly prometheus?: string | undefined;
  readonly containerQuery: RuleQuery;
  /** Whether {@link containerQuery} can select the pods of one namespace only. */
  readonly isForOneNamespace: boolean;
  readonly nodeQuery: RuleQuery;
  readonly resources: ObjectLabels;
  /** The label with a container's name; empty if the rule has none. */
  readonly containerLabel: string;
}

/** The rules for metrics.k8s.io, ready for use. Immutable. */
export interface CompiledResourceRules {
  readonly origin: RuleOrigin;
  readonly cpu: CompiledResourceRule;
  readonly memory: CompiledResourceRule;
  /** The window of the rates, in milliseconds. */
  readonly window: number;
}
