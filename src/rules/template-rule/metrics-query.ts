import type { LabelSelector, Requirement } from '../../apimachinery/label-selector.ts';
import { finish, type Steps } from '../../async/steps.ts';
import { parseTemplateInSteps, type Template, TemplateError } from '../../gotemplate/template.ts';
import { goMap, goStrings, goStruct, type TemplateValue } from '../../gotemplate/value.ts';
import { formatMatchers, isLegacyName, type LabelMatcher } from '../../promql/matcher.ts';
import type { ReportFault } from '../fault.ts';
import {
  isPlainLabel,
  isPlainSeries,
  isPlainValue,
  modelName,
  type QueryLanguage,
  REGEXP_SYNTAX,
  writeNames,
} from './injection-guard.ts';
import { rememberQueries } from './query-cache.ts';

/** What a query is asked for. */
export interface QueryRequest {
  /** Empty where the query has no series of its own (resource rules). */
  readonly series: string;
  /** On the metric's labels. */
  readonly selector: LabelSelector;
  /** The label matcher for the namespace; absent where the query is not namespaced. */
  readonly namespace?: { readonly label: string; readonly value: string };
  /** The described objects; absent for external metrics. */
  readonly objects?: { readonly label: string; readonly names: readonly string[] };
  /** What `.GroupBy` joins. */
  readonly groupBy: readonly string[];
}

/** A `metricsQuery` (or `containerQuery`, `nodeQuery`), compiled. */
export interface MetricsQuery {
  readonly text: string;
  readonly language: QueryLanguage;
  /** The PromQL for a request. Throws {@link QueryError}. */
  for(request: QueryRequest): string;
  /**
   * The position in the template of a character of the query for a request, in UTF-16 units. For the
   * output of an action, the start of the action. Throws as `for`.
   */
  placeOf(request: QueryRequest, offset: number): number;
}

/** The template could not be carried out, or the request cannot be put in PromQL. */
export class QueryError extends Error {
  override readonly name: string = 'QueryError';
}

/** A name that the template would write into the query in a way that could change the query. */
export class UnsafeNameError extends QueryError {
  override readonly name = 'UnsafeNameError';
}

/** A label selector that has no counterpart in PromQL: the caller's fault, not the rule's. */
export class UnsupportedRequirementError extends Error {
  override readonly name = 'UnsupportedRequirementError';
}

/**
 * Compiles a query template of the field at `path`.
 *
 * @returns undefined when an error was reported.
 */
export function compileMetricsQuery(
  text: string,
  path: readonly (string | number)[],
  language: QueryLanguage,
  report: ReportFault,
): MetricsQuery | undefined {
  return finish(compileMetricsQueryInSteps(text, path, language, report));
}

/** As {@link compileMetricsQuery}. */
export function* compileMetricsQueryInSteps(
  text: string,
  path: readonly (string | number)[],
  language: QueryLanguage,
  report: ReportFault,
): Steps<MetricsQuery | undefined> {
  try {
    return metricsQuery(yield* parseTemplateInSteps('metrics-query', text), language);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    report({ severity: 'error', path, message: error.explanation, offset: error.offset });
    return undefined;
  }
}

function metricsQuery(template: Template, language: QueryLanguage): MetricsQuery {
  return {
    text: template.text,
    language,
    for: rememberQueries((request) => queryFor(template, language, request)),
    placeOf: (request, offset) => placeOf(template, language, request, offset),
  };
}

function queryFor(template: Template, language: QueryLanguage, request: QueryRequest): string {
  const values = queryValues(request);
  const written = execute(template, values);
  refuseUnsafeValues(template, values, written);
  const query = withQuotedNames(template, language, values, written);
  if (query === '') throw new QueryError('the template of the query gives an empty query');
  return query;
}

/** What the template sees. */
interface QueryValues {
  readonly series: string;
  readonly labelMatchers: string;
  readonly valuesByName: ReadonlyMap<string, readonly string[]>;
  /** What `.GroupBy` joins. */
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

/** Converts an offset in the query to one in the output of the template, before names were quoted. */
function offsetBefore(written: string, query: string, offset: number): number {
  let same = 0;
  while (same < written.length && written[same] === query[same]) same++;
  if (offset <= same) return offset;
  return Math.max(same, written.length - (query.length - offset));
}

/** `.LabelValuesByName` has values as they are: a query must not depend on one that is not plain. */
function refuseUnsafeValues(template: Template, values: QueryValues, query: string): void {
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
  const modelOf = (name: string): string => modelName(names.lastIndexOf(name));
  const model = execute(template, {
    ...values,
    ...(isOddSeries && { series: modelName(0) }),
    groupBy: groupBy.map((label) => (isOddLabel(label) ? modelOf(label) : label)),
  });
  const found = writeNames(model, names, language);
  if (found?.asWritten === written) return found.quoted;
  if (!isOddSeries) return written;
  throw new UnsafeNameError(
    'the name of the series needs quotes in PromQL, which the template does not write: expected e.g. {<<printf "%q" .Series>>,<<.LabelMatchers>>}',
  );
}

/** The first key of a selector that must be quoted in PromQL, which Prometheus accepts since version 3. */
export function quotedKeyOf(selector: LabelSelector): string | undefined {
  return selector.find(({ key }) => !isLegacyName(key))?.key;
}

/** The matchers of `.LabelMatchers` in their order: selector, namespace, objects. */
export function matchersOf(request: QueryRequest): readonly LabelMatcher[] {
  const matchers = request.selector.map(requirementMatcher);
  if (request.namespace !== undefined) {
    const { label, value } = request.namespace;
    matchers.push({ name: label, operator: '=', value });
  }
  if (request.objects !== undefined) {
    const { label, names } = request.objects;
    matchers.push(
      names.length === 1
        ? { name: label, operator: '=', value: names.join('') }
        : { name: label, operator: '=~', value: names.map(escapeName).join('|') },
    );
  }
  return matchers;
}

function requirementMatcher(requirement: Requirement): LabelMatcher {
  const { key: name, values } = requirement;
  const alternatives = values.join('|');
  switch (requirement.operator) {
    case '=':
    case '==':
      return { name, operator: '=', value: alternatives };
    case '!=':
      return { name, operator: '!=', value: alternatives };
    case 'in':
      return { name, operator: '=~', value: alternatives };
    case 'notin':
      return { name, operator: '!~', value: alternatives };
    case 'exists':
      return { name, operator: '!=', value: '' };
    case '!':
      return { name, operator: '=', value: '' };
    default:
      throw new UnsupportedRequirementError(
        `"${requirement.operator === 'gt' ? '>' : '<'}" on "${name}" cannot be asked of Prometheus: expected one of =, ==, !=, in, notin, exists, !`,
      );
  }
}

const ALL_SPECIAL = new RegExp(REGEXP_SYNTAX, 'g');

/**
 * A name inside a regular expression. A dot stays as it is, as in the reference adapter's queries:
 * it can only let foreign objects in, whose samples are dropped afterwards. No other special
 * character occurs in the names that Kubernetes gives out.
 */
function escapeName(name: string): string {
  // To look is faster than to replace, and there is nothing as a rule.
  return REGEXP_SYNTAX.test(name) ? name.replaceAll(ALL_SPECIAL, '\\$&') : name;
}

/** `.LabelValuesByName`: the later of two matchers of one label wins, as in the reference. */
function valuesByName(request: QueryRequest): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const { key, values: alternatives } of request.selector) values.set(key, alternatives);
  if (request.namespace !== undefined) {
    values.set(request.namespace.label, [request.namespace.value]);
  }
  if (request.objects !== undefined) values.set(request.objects.label, request.objects.names);
  return values;
}
