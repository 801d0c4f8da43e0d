import { vectorSelectors } from '../../promql/selectors.ts';
import { checkSeriesSelector, parseSeriesSelector } from '../../promql/series-selector.ts';
import { formatMatcher, type LabelMatcher } from '../../promql/syntax/matcher.ts';
import type { ReportFault } from '../fault.ts';
import type { QueryRequest } from '../query.ts';
import type { TemplateQuery } from '../template-rule/metrics-query.ts';
import type { RuleParts } from '../template-rule/template-rule.ts';
import { expandOrNothing } from './expand.ts';

/**
 * Warns about label matchers that are in `seriesQuery` only: they restrict discovery but not the query.
 * Matchers that only require a label, and those on labels that identify objects, are ignored.
 *
 * @param request for an example of a series that the rule finds
 */
export function checkMatchers(
  rule: RuleParts,
  query: TemplateQuery,
  request: QueryRequest,
  report: ReportFault,
): void {
  if (checkSeriesSelector(rule.seriesQuery).length > 0) return;
  const { name, matchers } = parseSeriesSelector(rule.seriesQuery);
  const chosen = matchers.filter((matcher) => isChoice(matcher, request));
  if (chosen.length === 0) return;
  const text = expandOrNothing(query, request);
  if (text === undefined) return;
  const ofSeries = vectorSelectors(text).filter(
    (selector) =>
      selector.name === request.series || (name !== undefined && selector.name === name),
  );
  if (ofSeries.length === 0) return;
  const used = new Set(ofSeries.flatMap((selector) => selector.matchers.map((each) => each.name)));
  const left = chosen.filter((matcher) => !used.has(matcher.name));
  if (left.length === 0) return;
  const labels = [...new Set(left.map((matcher) => `\`${matcher.name}\``))].join(', ');
  const written = left.map(formatMatcher).join(',');
  report({
    severity: 'warning',
    path: ['metricsQuery'],
    message: `\`${written}\` is in seriesQuery only, so the value includes all values of ${labels}: add it to the selector in metricsQuery`,
  });
}

function isChoice({ name, operator, value }: LabelMatcher, request: QueryRequest): boolean {
  if (name === '__name__' || name === request.objects?.label || name === request.namespace?.label) {
    return false;
  }
  if (operator === '!=') return value !== '';
  return !(operator === '=~' && (value === '.+' || value === '.*'));
}
