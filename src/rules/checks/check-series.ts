import { vectorSelectors } from '../../promql/selectors.ts';
import type { ReportFault } from '../fault.ts';
import type { QueryRequest } from '../query.ts';
import { readSeriesQuery } from '../series-query.ts';
import type { TemplateQuery } from '../template-rule/metrics-query.ts';
import type { RuleParts } from '../template-rule/template-rule.ts';
import { expandOrNothing, expandTemplate } from './expand.ts';

/** An example of another series that the rule finds. */
const OTHER_SERIES = 'example_bytes_total';

type Path = readonly (string | number)[];

/**
 * Warns about a query that selects the series of all metrics, and about one that returns the same value for
 * different metrics.
 *
 * @param rule undefined for resource rules, which discover no series
 * @param request for an example of a series that the rule finds
 */
export function checkSeries(
  rule: RuleParts | undefined,
  query: TemplateQuery,
  path: Path,
  request: QueryRequest,
  report: ReportFault,
): void {
  const one = expandOrNothing(query, request);
  if (one === undefined) return;
  const selectors = vectorSelectors(one);
  const nameless = selectors.find(({ name, matchers }) => {
    return name === undefined && matchers.every((matcher) => matcher.name !== '__name__');
  });
  // The second argument of `info` selects labels, not series.
  if (nameless !== undefined && !/\binfo\b/.test(one)) {
    report({
      severity: 'warning',
      path,
      message: `a selector of the query has no metric name, so it selects the series of all metrics: expected a name before its braces, e.g. ${rule === undefined ? 'container_memory_working_set_bytes' : '<<.Series>>'}{<<.LabelMatchers>>}`,
    });
    return;
  }
  if (rule === undefined || selectors.length === 0 || !hasSeveralMetrics(rule)) return;
  if (expandTemplate(query, { ...request, series: OTHER_SERIES }) !== one) return;
  report({
    severity: 'warning',
    path,
    message:
      'the rule may find series of several names, and the query gives all of them the same value: expected `<<.Series>>` in it, or one name in `name.as`',
  });
}

/** Whether series with different names become metrics with different names. */
function hasSeveralMetrics({ definition, seriesQuery }: RuleParts): boolean {
  const series = readSeriesQuery(seriesQuery);
  if (series === undefined || series.onlyName !== undefined) return false;
  const { as } = definition.name;
  return as === '' || as.includes('$');
}
