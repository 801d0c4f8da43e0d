import type { CompiledRule } from '../rules/rule.ts';

/** Why a series has no metric by a rule, or one that never has a value. */
export type WithoutMetricCause =
  /** Excluded by `seriesFilters`. */
  | 'series_filters'
  /** Excluded by `name.matches`. */
  | 'name_matches'
  /** The name of the metric, or of the series, cannot be requested. */
  | 'unfit_name'
  /** None of its labels maps to a resource of the cluster. */
  | 'no_resource_label'
  /** It lacks the required label for the namespace. */
  | 'no_namespace_label'
  /** Later rules define all its metrics. */
  | 'replaced';

/** The series of a rule that have the same cause. */
export interface SeriesWithoutMetric {
  readonly cause: WithoutMetricCause;
  readonly count: number;
  /** The first of their names, at most {@link MOST_EXAMPLES}. */
  readonly examples: readonly string[];
  /** What is wrong with the first name, if the cause does not imply it. */
  readonly detail?: string;
}

/** The outcome of a rule at the last relist. */
export interface RuleOutcome {
  readonly rule: CompiledRule;
  /** The number of series names that its series query found. */
  readonly series: number;
  /** The number of metrics of the catalog that the rule defines. */
  readonly metrics: number;
  /** Sorted by count, the most frequent first. */
  readonly withoutMetric: readonly SeriesWithoutMetric[];
  /** If no label maps to a resource, or to the namespace: some of the labels of the series. */
  readonly labels: readonly string[];
  /** The label for the namespace, if the rule has one. */
  readonly namespaceLabel: string | undefined;
  /** Why the series query failed at the last relist. The rule keeps the series found before. */
  readonly failure: unknown;
}

/** Why a rule has no metrics: a label value in the metrics of the adapter. */
export type NoMetricsReason = WithoutMetricCause | 'query_failed' | 'no_series';

export const MOST_EXAMPLES = 3;

/** The number of labels shown, in alphabetical order. */
export const MOST_LABELS_SHOWN = 20;

/** Undefined if the rule has metrics that can be requested. */
export function noMetricsReason(outcome: RuleOutcome): NoMetricsReason | undefined {
  const { series, metrics, withoutMetric, failure } = outcome;
  if (series === 0) return failure === undefined ? 'no_series' : 'query_failed';
  const [first] = withoutMetric;
  if (metrics === 0) return first?.cause ?? 'replaced';
  // External metrics are listed anyway, as in the reference adapter.
  const unanswerable = withoutMetric.find(({ cause }) => cause === 'no_namespace_label');
  const isExternal = outcome.rule.kind === 'external';
  return isExternal && (unanswerable?.count ?? 0) >= metrics ? 'no_namespace_label' : undefined;
}

/**
 * Explains why a rule has no metrics, or which of them never have a value, and what to do.
 *
 * @returns a sentence without the position of the rule; undefined if there is no problem
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
  const shown = labels.slice(0, MOST_LABELS_SHOWN).join(', ');
  return labels.length > MOST_LABELS_SHOWN ? `${shown}, ...` : shown;
}

function counted(count: number, what: string): string {
  return `${count} ${what}`;
}
