import { QueryError, UnsafeNameError } from '../query.ts';
import type { ExcludedSeries, Naming, RuleKind } from '../rule.ts';
import { isPlainSeries } from './injection-guard.ts';
import { invalidMetricName, type MetricNaming } from './metric-name.ts';
import type { TemplateQuery } from './metrics-query.ts';
import type { SeriesNamePredicate } from './series-filter.ts';

interface NamingParts {
  readonly kind: RuleKind;
  readonly matches: SeriesNamePredicate;
  readonly metricName: MetricNaming;
  readonly query: TemplateQuery;
}

/** Shared constants: there may be a million names. */
const EXCLUDED_BY_FILTERS: ExcludedSeries = Object.freeze({ excludedBy: 'series_filters' });
const EXCLUDED_BY_NAME: ExcludedSeries = Object.freeze({ excludedBy: 'name_matches' });

/** Applies the filters, the naming and the query of a rule to the name of a series. */
export function seriesNaming(rule: NamingParts): (series: string) => Naming {
  return (series) => {
    if (!rule.matches(series)) return EXCLUDED_BY_FILTERS;
    const name = rule.metricName(series);
    if (name === undefined) return EXCLUDED_BY_NAME;
    const why = invalidMetricName(name) ?? unsafeSeries(rule, series);
    return why === undefined ? name : { series, name, why };
  };
}

/** Why the rule's query cannot name a series in any request; undefined if it can. */
function unsafeSeries({ kind, query }: NamingParts, series: string): string | undefined {
  if (isPlainSeries(series, query.language)) return undefined;
  try {
    query.for({
      series,
      selector: [],
      namespace: { label: 'namespace', value: 'default' },
      ...(kind === 'custom' && { objects: { label: 'pod', names: ['web-0'] } }),
      groupBy: kind === 'custom' ? ['pod'] : [],
    });
    return undefined;
  } catch (error) {
    if (error instanceof UnsafeNameError) return error.message;
    // Another request may have a query even if this one has none.
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}
