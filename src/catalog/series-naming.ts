import type { TimeSlices } from '../async/time-slices.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { isPlainSeries } from '../rules/template-rule/injection-guard.ts';
import { unreachableName } from '../rules/template-rule/metric-name.ts';
import { QueryError, UnsafeNameError } from '../rules/template-rule/metrics-query.ts';

/** A metric that was found and cannot be served: its name, or that of its series, is unfit. */
export interface LeftOutMetric {
  readonly series: string;
  readonly name: string;
  readonly why: string;
}

/** The rule excludes a series with `seriesFilters` or `name.matches`. */
export interface ExcludedSeries {
  readonly excludedBy: 'series_filters' | 'name_matches';
}

/**
 * What a rule makes of the name of a series: the name of a metric, one that cannot be served, or
 * nothing.
 */
export type Naming = string | LeftOutMetric | ExcludedSeries;

/** Shared constants: there may be a million names. */
const EXCLUDED_BY_FILTERS: ExcludedSeries = Object.freeze({ excludedBy: 'series_filters' });
const EXCLUDED_BY_NAME: ExcludedSeries = Object.freeze({ excludedBy: 'name_matches' });

/** Names metrics by rules, and remembers: most series are the same in the next round. */
export interface SeriesNaming {
  /**
   * @param names in order, each once
   * @returns for each the rule's naming, in the same place
   */
  of(rule: CompiledRule, names: readonly string[], slices: TimeSlices): Promise<readonly Naming[]>;
}

interface Remembered {
  readonly names: readonly string[];
  readonly namings: readonly Naming[];
}

/** Remembers for each rule that is in use the names that it was asked for last. */
export function createSeriesNaming(): SeriesNaming {
  const remembered = new WeakMap<CompiledRule, Remembered>();
  return {
    async of(rule, names, slices) {
      const before = remembered.get(rule);
      if (before?.names === names) return before.namings;
      const namings: Naming[] = [];
      let at = 0;
      for (const name of names) {
        // Both are in order, so what has been passed does not come again.
        while (before !== undefined && (before.names[at] ?? name) < name) at += 1;
        const isKnown = before !== undefined && before.names[at] === name;
        const known = isKnown ? before.namings[at] : undefined;
        namings.push(known ?? namingOf(rule, name));
        if (slices.isOver()) await slices.pause();
      }
      remembered.set(rule, { names, namings });
      return namings;
    },
  };
}

function namingOf(rule: CompiledRule, series: string): Naming {
  if (!rule.matches(series)) return EXCLUDED_BY_FILTERS;
  const name = rule.metricName(series);
  if (name === undefined) return EXCLUDED_BY_NAME;
  const why = unreachableName(name) ?? unaskableSeries(rule, series);
  return why === undefined ? name : { series, name, why };
}

/** Why the rule's query cannot ask for a series, whatever the request, or undefined where it can. */
function unaskableSeries(rule: CompiledRule, series: string): string | undefined {
  if (isPlainSeries(series, rule.query.language)) return undefined;
  try {
    rule.query.for({
      series,
      selector: [],
      namespace: { label: 'namespace', value: 'default' },
      ...(rule.kind === 'custom' && { objects: { label: 'pod', names: ['web-0'] } }),
      groupBy: rule.kind === 'custom' ? ['pod'] : [],
    });
    return undefined;
  } catch (error) {
    if (error instanceof UnsafeNameError) return error.message;
    // What else keeps a template from making a query may be otherwise for another request.
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}
