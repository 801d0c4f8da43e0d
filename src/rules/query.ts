import type { LabelSelector } from '../apimachinery/label-selector.ts';

/** The parameters of a rule's query. */
export interface QueryRequest {
  /** Empty for resource rules, which discover no series. */
  readonly series: string;
  /** Selects by the labels of the metric. */
  readonly selector: LabelSelector;
  /** The label matcher for the namespace; absent if the query is not namespaced. */
  readonly namespace?: { readonly label: string; readonly value: string };
  /** The described objects; absent for external metrics. */
  readonly objects?: { readonly label: string; readonly names: readonly string[] };
  /** The labels to group by. */
  readonly groupBy: readonly string[];
}

/** The PromQL of a rule as a function of the request. */
export interface RuleQuery {
  /**
   * The PromQL for a request. It depends on nothing but the request.
   *
   * @throws QueryError if there is no query for this request
   * @throws UnsupportedRequirementError if PromQL cannot express the selector
   */
  for(request: QueryRequest): string;
}

/** A rule cannot produce a query for a request. */
export class QueryError extends Error {
  override readonly name: string = 'QueryError';
}

/** The query would contain a name in a place where the name could change the query. */
export class UnsafeNameError extends QueryError {
  override readonly name = 'UnsafeNameError';
}

/** A label selector that PromQL cannot express: an error of the request, not of the rule. */
export class UnsupportedRequirementError extends Error {
  override readonly name = 'UnsupportedRequirementError';
}
