import type { Requirement } from '../../apimachinery/label-selector.ts';
import { TemplateError } from '../../gotemplate/template.ts';
import { inspectQuery } from '../../promql/checks/check.ts';
import { looksLikeMetricsql } from '../../promql/checks/metricsql.ts';
import { decisiveLimits, describeLimit } from '../../promql/syntax/availability.ts';
import { queryExcerpt } from '../../text/shorten.ts';
import type { ReportFault } from '../fault.ts';
import { QueryError, type QueryRequest } from '../query.ts';
import type { TemplateQuery } from '../template-rule/metrics-query.ts';
import { expandOrNothing } from './expand.ts';

type Path = readonly (string | number)[];

export interface QueryCheckOptions {
  /** Off for servers with another query language, such as MetricsQL. */
  readonly checkPromql: boolean;
}

/**
 * Checks that a query is valid for some request; otherwise it is broken.
 *
 * @param samples typical requests, without a label selector
 * @returns the first of them with a valid query, with a label selector if it needs one; undefined for a
 *   broken query
 */
export function checkMetricsQuery(
  query: TemplateQuery,
  path: Path,
  samples: readonly QueryRequest[],
  expectedTypes: readonly string[],
  options: QueryCheckOptions,
  report: ReportFault,
): QueryRequest | undefined {
  const groupBy = /\.GroupBy\b/.exec(query.text);
  if (samples.some((sample) => sample.groupBy.length === 0) && groupBy !== null) {
    report({
      severity: 'warning',
      path,
      offset: groupBy.index,
      message:
        '`.GroupBy` is empty in an external rule: write the labels to group by, e.g. by (topic)',
    });
  }
  const canAnswer = (sample: QueryRequest): boolean =>
    problemOf(query, sample, expectedTypes, options) === undefined;
  const valid = samples.find(canAnswer) ?? withSelectors(query, samples).find(canAnswer);
  const [first] = samples;
  const problem = first && problemOf(query, first, expectedTypes, options);
  if (valid === undefined) {
    if (problem !== undefined) report({ severity: 'broken', path, ...problem });
    return undefined;
  }
  if (valid.selector.length > 0 && problem !== undefined) {
    const { message, ...place } = problem;
    const needs = 'a request needs a label selector and fails without one';
    report({ severity: 'warning', path, ...place, message: `${needs}: ${message}` });
  }
  if (options.checkPromql) warnOfLimits(query, path, valid, report);
  return valid;
}

/** Values that a template may expect: a duration, a number, a word. */
const SELECTED_VALUES = ['5m', '1', 'value'];

/** Requests that select by the labels that a template uses, or by some label. */
function withSelectors(
  query: TemplateQuery,
  samples: readonly QueryRequest[],
): readonly QueryRequest[] {
  if (!/\.Label(?:Matchers|ValuesByName)\b/.test(query.text)) return [];
  const keys = selectedLabels(query.text);
  return SELECTED_VALUES.flatMap((value) => {
    const selector = keys.map((key): Requirement => ({ key, operator: '=', values: [value] }));
    return samples.map((sample) => ({ ...sample, selector }));
  });
}

/** The labels in the template, as in `index .LabelValuesByName "window"`. */
function selectedLabels(template: string): readonly string[] {
  const actions = template.match(/<<(?:"[^"]*"|[^">])*>>/g) ?? [];
  const named = actions
    .filter((action) => action.includes('.LabelValuesByName'))
    .flatMap((action) => [...action.matchAll(/"([^"]+)"|\.LabelValuesByName\.(\w+)/g)])
    .map(([, quoted, field]) => quoted ?? field ?? '');
  return named.length === 0 ? ['label'] : [...new Set(named)].toSorted();
}

const OTHER_DELIMITERS = /\{\{-?\s*[.$\w]/;

/**
 * Warns about a part of a Helm or Grafana template in a query, which is plain text here.
 *
 * @returns whether there is one: then no other checks of the query make sense
 */
export function checkOtherDelimiters(text: string, path: Path, report: ReportFault): boolean {
  const found = OTHER_DELIMITERS.exec(text);
  if (found === null) return false;
  report({
    severity: 'warning',
    path,
    offset: found.index,
    message:
      '`{{` is plain text here: templates of the rules file are written between `<<` and `>>`, and Helm expands its own before',
  });
  return true;
}

/** Warns about constructs that only some releases of Prometheus accept. */
function warnOfLimits(
  query: TemplateQuery,
  path: Path,
  sample: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(query, sample);
  if (text === undefined) return;
  for (const limit of decisiveLimits(inspectQuery(text).limits)) {
    const offset = query.placeOf(sample, limit.offset);
    report({
      severity: 'warning',
      path,
      message: describeLimit(limit),
      offset,
    });
  }
}

const EXAMPLE_QUERY = 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)';

/** Why a query is invalid, and where in the template, if known. */
interface Problem {
  readonly message: string;
  readonly offset?: number;
}

/** Why the query for a request is invalid, or undefined if it is valid. */
function problemOf(
  query: TemplateQuery,
  request: QueryRequest,
  expectedTypes: readonly string[],
  options: QueryCheckOptions,
): Problem | undefined {
  if (query.text.trim() === '') {
    return { message: `there is no query: expected PromQL as a template, e.g. ${EXAMPLE_QUERY}` };
  }
  let text: string;
  try {
    text = query.for(request);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const { message, cause } = error;
    return cause instanceof TemplateError ? { message, offset: cause.offset } : { message };
  }
  if (!options.checkPromql) return undefined;
  const { faults, type } = inspectQuery(text);
  const [fault] = faults;
  if (fault !== undefined) {
    const { message, offset: from, end: to } = fault;
    const otherDelimiter = OTHER_DELIMITERS.exec(query.text);
    if (otherDelimiter !== null) {
      const offset = otherDelimiter.index;
      return { message: 'templates are written between `<<` and `>>`, not `{{` and `}}`', offset };
    }
    return {
      message: `the generated query is not PromQL${orMetricsql(text)}: ${message}, in: ${queryExcerpt(text, from, to)}`,
      offset: query.placeOf(request, from),
    };
  }
  if (type === undefined || expectedTypes.includes(type)) return undefined;
  return {
    message: `the generated query returns a ${type}, expected an instant vector: ${queryExcerpt(text, 0, 0)}`,
  };
}

/** A hint for a query in MetricsQL. */
export function orMetricsql(text: string): string {
  return looksLikeMetricsql(text)
    ? ' but looks like MetricsQL, which needs --check-promql=false'
    : '';
}
