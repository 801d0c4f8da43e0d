import type { CompiledRule } from '../rules/rule.ts';
import {
  MOST_EXAMPLES,
  MOST_LABELS_SHOWN,
  type RuleOutcome,
  type SeriesWithoutMetric,
  type WithoutMetricCause,
} from './rule-outcome.ts';

/** Counts the outcomes of the series of one rule while a catalog is built. */
export interface RuleTally {
  readonly rule: CompiledRule;
  /** A series has no metric, or one that never has a value. */
  without(cause: WithoutMetricCause, series: string, detail?: string): void;
  /** As `without`, because of a missing label. @param labels of the series */
  withoutLabel(
    cause: 'no_resource_label' | 'no_namespace_label',
    series: string,
    labels: ReadonlySet<string>,
  ): void;
  /** A metric is added, which a later one of the same name may replace. */
  made(metric: string): void;
  /**
   * @param metrics the number of metrics of the finished catalog that the rule defines
   * @param otherLabels known labels of the series in addition to those reported
   */
  finish(metrics: number, otherLabels: readonly string[]): Omit<RuleOutcome, 'failure'>;
}

/** @param series the number of series names that the rule's query found */
export function createRuleTally(
  rule: CompiledRule,
  series: number,
  namespaceLabel: string | undefined,
): RuleTally {
  const byCause = new Map<
    string,
    { -readonly [Key in keyof SeriesWithoutMetric]: SeriesWithoutMetric[Key] }
  >();
  const seen = new Set<ReadonlySet<string>>();
  const labels = new Set<string>();
  const madeNames: string[] = [];
  let made = 0;

  function without(cause: WithoutMetricCause, name: string, detail?: string): void {
    const known = byCause.get(cause);
    if (known === undefined) {
      byCause.set(cause, {
        cause,
        count: 1,
        examples: [name],
        ...(detail !== undefined && { detail }),
      });
      return;
    }
    known.count += 1;
    if (known.count <= MOST_EXAMPLES) known.examples = [...known.examples, name];
  }

  return {
    rule,
    without,
    withoutLabel(cause, name, labelsOfSeries) {
      without(cause, name);
      // Thousands of series share one set.
      if (seen.has(labelsOfSeries) || labels.size > MOST_LABELS_SHOWN) return;
      seen.add(labelsOfSeries);
      for (const label of labelsOfSeries) labels.add(label);
    },
    made(metric) {
      made += 1;
      if (madeNames.length < MOST_EXAMPLES) madeNames.push(metric);
    },
    finish(metrics, otherLabels) {
      const withoutMetric: SeriesWithoutMetric[] = [...byCause.values()];
      if (metrics === 0 && made > 0) {
        withoutMetric.push({ cause: 'replaced', count: made, examples: madeNames });
      }
      const isLabelMissing = byCause.has('no_resource_label') || byCause.has('no_namespace_label');
      const known = isLabelMissing ? [...new Set([...labels, ...otherLabels])].toSorted() : [];
      return {
        rule,
        series,
        metrics,
        withoutMetric: withoutMetric.toSorted((one, other) => other.count - one.count),
        labels: known.slice(0, MOST_LABELS_SHOWN + 1),
        namespaceLabel,
      };
    },
  };
}
