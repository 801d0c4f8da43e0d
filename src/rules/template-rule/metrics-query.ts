import { finish, type Steps } from '../../async/steps.ts';
import { parseTemplateInSteps, type Template, TemplateError } from '../../gotemplate/template.ts';
import { goMap, goStrings, goStruct, type TemplateValue } from '../../gotemplate/value.ts';
import { formatMatchers } from '../../promql/syntax/matcher.ts';
import type { ReportFault } from '../fault.ts';
import { QueryError, type QueryRequest, type RuleQuery, UnsafeNameError } from '../query.ts';
import { matchersOf } from '../request-matchers.ts';
import {
  isPlainLabel,
  isPlainSeries,
  isPlainValue,
  placeholder,
  type QueryLanguage,
  writeNames,
} from './injection-guard.ts';
import { cacheQueries } from './query-cache.ts';

/** A `metricsQuery` (or `containerQuery`, `nodeQuery`), compiled. */
export interface TemplateQuery extends RuleQuery {
  readonly text: string;
  readonly language: QueryLanguage;
  /**
   * The position in the template of a character of the query for a request, in UTF-16 units. For the
   * output of an action, the start of the action. Throws as `for`.
   */
  placeOf(request: QueryRequest, offset: number): number;
}

/**
 * Compiles a query template of the field at `path`.
 *
 * @returns undefined if an error was reported
 */
export function compileMetricsQuery(
  text: string,
  path: readonly (string | number)[],
  language: QueryLanguage,
  report: ReportFault,
): TemplateQuery | undefined {
  return finish(compileMetricsQueryInSteps(text, path, language, report));
}

/** As {@link compileMetricsQuery}. */
export function* compileMetricsQueryInSteps(
  text: string,
  path: readonly (string | number)[],
  language: QueryLanguage,
  report: ReportFault,
): Steps<TemplateQuery | undefined> {
  try {
    return metricsQuery(yield* parseTemplateInSteps('metrics-query', text), language);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    report({ severity: 'error', path, message: error.explanation, offset: error.offset });
    return undefined;
  }
}

function metricsQuery(template: Template, language: QueryLanguage): TemplateQuery {
  return {
    text: template.text,
    language,
    for: cacheQueries((request) => queryFor(template, language, request)),
    placeOf: (request, offset) => placeOf(template, language, request, offset),
  };
}

function queryFor(template: Template, language: QueryLanguage, request: QueryRequest): string {
  const values = queryValues(request);
  const written = execute(template, values);
  rejectUnsafeValues(template, values, written);
  const query = withQuotedNames(template, language, values, written);
  if (query === '') throw new QueryError('the template of the query gives an empty query');
  return query;
}

/** The input of the template. */
interface QueryValues {
  readonly series: string;
  readonly labelMatchers: string;
  readonly valuesByName: ReadonlyMap<string, readonly string[]>;
  /** Joined as `.GroupBy`. */
  readonly groupBy: readonly string[];
  readonly groupBySlice: readonly string[];
}

function queryValues(request: QueryRequest): QueryValues {
  return {
    series: request.series,
    labelMatchers: formatMatchers(matchersOf(request)),
    valuesByName: valuesByName(request),
    groupBy: request.groupBy,
    groupBySlice: request.groupBy,
  };
}

function execute(template: Template, values: QueryValues): string {
  return explained(() => template.execute(templateData(values)));
}

/** @throws QueryError if the template fails */
function explained<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new QueryError(error.explanation, { cause: error });
  }
}

function templateData(values: QueryValues): TemplateValue {
  const { series, labelMatchers, valuesByName, groupBy, groupBySlice } = values;
  return goStruct('naming.queryTemplateArgs', {
    Series: series,
    LabelMatchers: labelMatchers,
    LabelValuesByName: goMap([...valuesByName].map(([name, all]) => [name, all.join('|')])),
    GroupBy: groupBy.join(','),
    GroupBySlice: goStrings(groupBySlice),
  });
}

function placeOf(
  template: Template,
  language: QueryLanguage,
  request: QueryRequest,
  offset: number,
): number {
  const pieces = explained(() => template.executeInPieces(templateData(queryValues(request))));
  const written = pieces.map(({ text }) => text).join('');
  let left = offsetBefore(written, queryFor(template, language, request), offset);
  for (const { text, offset: at, isVerbatim } of pieces) {
    if (left < text.length) return isVerbatim ? at + left : template.text.lastIndexOf('<<', at);
    left -= text.length;
  }
  return template.text.length;
}

/** Converts an offset in the query to an offset in the output of the template, before names are quoted. */
function offsetBefore(written: string, query: string, offset: number): number {
  let same = 0;
  while (same < written.length && written[same] === query[same]) same++;
  if (offset <= same) return offset;
  return Math.max(same, written.length - (query.length - offset));
}

/** `.LabelValuesByName` has unquoted values: the query must not contain one that is not plain. */
function rejectUnsafeValues(template: Template, values: QueryValues, query: string): void {
  const isPlain = (all: readonly string[]): boolean => all.every(isPlainValue);
  if ([...values.valuesByName.values()].every(isPlain)) return;
  const plain = new Map(
    [...values.valuesByName].map(([name, all]) => [name, isPlain(all) ? all : ['x']]),
  );
  if (execute(template, { ...values, valuesByName: plain }) === query) return;
  throw new UnsafeNameError(
    'the template writes `.LabelValuesByName` and a value has characters that no name of an object has',
  );
}

/**
 * `.Series` and `.GroupBy` are unquoted names, too. Names that need quotes are quoted unless the template
 * does it, e.g. `{"http.requests",pod="a"}` for `<<.Series>>{<<.LabelMatchers>>}`.
 *
 * @param written the output of the template for the unquoted names
 * @throws UnsafeNameError if the template uses the name of the series in another place
 */
function withQuotedNames(
  template: Template,
  language: QueryLanguage,
  values: QueryValues,
  written: string,
): string {
  const { series, groupBy } = values;
  const isOddSeries = !isPlainSeries(series, language);
  const isOddLabel = (label: string): boolean => !isPlainLabel(label, language);
  if (!isOddSeries && !groupBy.some(isOddLabel)) return written;
  const names = [...(isOddSeries ? [series] : []), ...groupBy.filter(isOddLabel)];
  const placeholderOf = (name: string): string => placeholder(names.lastIndexOf(name));
  const model = execute(template, {
    ...values,
    ...(isOddSeries && { series: placeholder(0) }),
    groupBy: groupBy.map((label) => (isOddLabel(label) ? placeholderOf(label) : label)),
  });
  const found = writeNames(model, names, language);
  if (found?.asWritten === written) return found.quoted;
  if (!isOddSeries) return written;
  throw new UnsafeNameError(
    'the name of the series needs quotes in PromQL, which the template does not write: expected e.g. {<<printf "%q" .Series>>,<<.LabelMatchers>>}',
  );
}

/** `.LabelValuesByName`. The later of two matchers of one label is used, as in the reference adapter. */
function valuesByName(request: QueryRequest): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const { key, values: alternatives } of request.selector) values.set(key, alternatives);
  if (request.namespace !== undefined) {
    values.set(request.namespace.label, [request.namespace.value]);
  }
  if (request.objects !== undefined) values.set(request.objects.label, request.objects.names);
  return values;
}
