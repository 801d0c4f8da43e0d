import type { CompiledRule } from '../rules/rule.ts';

/** Why a series gives no metric of a rule, or one that no request can get a value of. */
export type WithoutMetricCause =
  /** `seriesFilters` leave it out. */
  | 'series_filters'
  /** `name.matches` leaves it out. */
  | 'name_matches'
  /** The name that the rule gives it, or its own, cannot be asked for. */
  | 'unfit_name'
  /** None of its labels names a resource of the cluster. */
  | 'no_resource_label'
  /** It has no label for the namespace that it would need. */
  | 'no_namespace_label'
  /** Later rules give all the metrics that it would give. */
  | 'replaced';

/** Series of one rule that have one fate. */
export interface SeriesWithoutMetric {
  readonly cause: WithoutMetricCause;
  readonly count: number;
  /** The first of their names, at most {@link MOST_EXAMPLES}. */
  readonly examples: readonly string[];
  /** What is wrong with the first name, where the cause does not say it all. */
  readonly detail?: string;
}

/** What became of one rule at the last relist. */
export interface RuleOutcome {
  readonly rule: CompiledRule;
  /** How many names of series its series query found. */
  readonly series: number;
  /** How many metrics of the catalog are the rule's. */
  readonly metrics: number;
  /** Sorted by count, the most frequent first. */
  readonly withoutMetric: readonly SeriesWithoutMetric[];
  /** Where no label names a resource, or the namespace: labels that the series have, some of them. */
  readonly labels: readonly string[];
  /** The label that stands for the namespace, where the rule has one. */
  readonly namespaceLabel: string | undefined;
  /** Why the series query failed at the last relist: the rule keeps the series that it found before. */
  readonly failure: unknown;
}

/** Why a rule has no metrics, in one word: a value of a label in the adapter's own metrics. */
export type NoMetricsReason = WithoutMetricCause | 'query_failed' | 'no_series';

export const MOST_EXAMPLES = 3;

/** Of more labels the first in the alphabet are told. */
export const MOST_LABELS_TOLD = 20;

/** Undefined where the rule has metrics that can be asked for. */
export function noMetricsReason(outcome: RuleOutcome): NoMetricsReason | undefined {
  const { series, metrics, withoutMetric, failure } = outcome;
  if (series === 0) return failure === undefined ? 'no_series' : 'query_failed';
  const [first] = withoutMetric;
  if (metrics === 0) return first?.cause ?? 'replaced';
  // External metrics are listed all the same, as in the reference adapter.
  const unanswerable = withoutMetric.find(({ cause }) => cause === 'no_namespace_label');
  const isExternal = outcome.rule.kind === 'external';
  return isExternal && (unanswerable?.count ?? 0) >= metrics ? 'no_namespace_label' : undefined;
}

/**
 * What an author of rules should know of a rule: why it has no metrics, or which of them no request
 * can get a value of, and what to do.
 *
 * @returns a sentence without the place of the rule; undefined where all is well
 */
export function explainOutcome(outcome: RuleOutcome): string | undefined {
  const reason = noMetricsReason(outcome);
  if (reason === 'query_failed') {
    return 'no metrics: the series query failed, and nothing was found before';
  }
  if (reason === 'no_series') {
    return `no metrics: the series query found no series: ${outcome.rule.seriesQuery}`;
  }
  const causes = outcome.withoutMetric.map((each) => explainCause(each, outcome));
  if (reason !== undefined && outcome.metrics === 0) {
    return `no metrics from ${counted(outcome.series, 'series')}: ${causes.join('; ')}`;
  }
  const namespaces = outcome.withoutMetric.find(({ cause }) => cause === 'no_namespace_label');
  return namespaces && explainCause(namespaces, outcome);
}

function explainCause(
  { cause, count, examples, detail }: SeriesWithoutMetric,
  { rule, labels, namespaceLabel }: RuleOutcome,
): string {
  const what = `${count} (${examples.join(', ')}${count > examples.length ? ', ...' : ''})`;
  switch (cause) {
    case 'series_filters':
      return `${what} excluded by seriesFilters`;
    case 'name_matches':
      return `${what} excluded by name.matches`;
    case 'unfit_name':
      return `${what} with a name that cannot be requested: ${detail ?? ''}`;
    case 'no_resource_label':
      return `${what} without a label that maps to a resource: the labels are ${listed(labels)}; add an override or a template to \`resources\``;
    case 'no_namespace_label':
      return explainNamespace(what, rule, namespaceLabel);
    case 'replaced':
      return `${what} replaced by later rules that define the same metrics`;
  }
}

function explainNamespace(
  what: string,
  { kind }: CompiledRule,
  namespaceLabel: string | undefined,
): string {
  const label =
    namespaceLabel === undefined
      ? 'for which `resources` has no label for the namespace'
      : `without the label \`${namespaceLabel}\``;
  return kind === 'external'
    ? `${what} ${label}, so requests return no values: set \`namespaced: false\`, or name the label of the namespace in \`resources\``
    : `${what} ${label}: objects in a namespace need one; add it to the series, or name it in \`resources\``;
}

function listed(labels: readonly string[]): string {
  if (labels.length === 0) return 'not known';
  const shown = labels.slice(0, MOST_LABELS_TOLD).join(', ');
  return labels.length > MOST_LABELS_TOLD ? `${shown}, ...` : shown;
}

function counted(count: number, what: string): string {
  return `${count} ${what}`;
}
