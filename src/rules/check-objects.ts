import { type LostLabel, lostLabel } from '../promql/lost-label.ts';
import { vectorSelectors } from '../promql/selectors.ts';
import type { ExampleNames } from './example-request.ts';
import { expandOrNothing } from './expand.ts';
import type { ReportFault } from './fault.ts';
import type { MetricsQuery, QueryRequest } from './metrics-query.ts';
import type { CompiledResourceRule } from './rule.ts';
import { placeInTemplate } from './template-place.ts';

/** Stand for what is asked for: no template has them of itself. */
export const PROBE_NAMES: ExampleNames = {
  series: 'example_requests_total',
  namespace: 'namespace-9d27',
  objects: ['object-4f1c'],
};

/** Objects of one resource that a query must give the values of. */
export interface AskedObjects {
  /** The resource in words, e.g. `pods`. */
  readonly resource: string;
  /** With the names of {@link PROBE_NAMES}. */
  readonly request: QueryRequest;
}

type Path = readonly (string | number)[];

/**
 * Warns of a query that works and does not do what it is for: its samples cannot be told to be of an
 * object, or it asks for more objects than are wanted. Templates that give no query, and queries that
 * are no PromQL, are passed over: they have been told of.
 */
export function checkObjects(
  query: MetricsQuery,
  path: Path,
  asked: readonly AskedObjects[],
  report: ReportFault,
): void {
  const questions = asked.flatMap(({ resource, request }) => {
    const text = expandOrNothing(query, request);
    return text === undefined ? [] : [{ resource, request, text }];
  });
  warnOfLostLabels(query, path, questions, report);
  const [first] = questions;
  if (first !== undefined) warnOfOthers(path, first, report);
}

/**
 * Warns of an external metric that is the same for every namespace though it is meant to be of the
 * one that is asked for.
 */
export function checkNamespace(
  query: MetricsQuery,
  path: Path,
  request: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(query, request);
  if (text === undefined || request.namespace === undefined) return;
  if (!asksForSeries(text) || names(text, PROBE_NAMES.namespace)) return;
  report({
    severity: 'warning',
    path,
    message:
      'the query asks for the series of all namespaces, whichever one a request is about: write `<<.LabelMatchers>>` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}, or `namespaced: false` in `resources`',
  });
}

/** Warns of a query whose samples do not say which container they are of, though a label is named. */
export function checkContainers(
  { containerQuery, containerLabel }: CompiledResourceRule,
  path: Path,
  request: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(containerQuery, request);
  if (text === undefined || request.objects === undefined || containerLabel === '') return;
  // Without the label of the pod there is nothing at all, which has been told of.
  const loss = lostLabel(text, containerLabel);
  if (loss === undefined || lostLabel(text, request.objects.label) !== undefined) return;
  const offset = placeInTemplate(containerQuery.text, text, loss);
  report({
    severity: 'warning',
    path,
    message: `${loss.reason}, so a pod is one container without a name: ${advice(loss)}, or leave \`containerLabel\` out`,
    ...(offset !== undefined && { offset }),
  });
}

interface ObjectsQuestion extends AskedObjects {
  readonly text: string;
}

function warnOfLostLabels(
  query: MetricsQuery,
  path: Path,
  questions: readonly ObjectsQuestion[],
  report: ReportFault,
): void {
  const losses = questions.flatMap(({ resource, request, text }) => {
    const loss = request.objects && lostLabel(text, request.objects.label);
    return loss === undefined ? [] : [{ resource, text, loss }];
  });
  const [first] = losses;
  if (first === undefined) return;
  const { text, loss } = first;
  const resources = losses.map(({ resource }) => resource).join(', ');
  const offset = placeInTemplate(query.text, text, loss);
  report({
    severity: 'warning',
    path,
    message: `${loss.reason}, so ${resources} get no value: ${advice(loss)}`,
    ...(offset !== undefined && { offset }),
  });
}

/** What to write so that a label stays. */
function advice({ by }: LostLabel): string {
  switch (by) {
    case 'aggregation':
      return 'group `by (<<.GroupBy>>)`';
    case 'matching':
      return 'match `on (<<.GroupBy>>)`';
    case 'function':
      return 'every sample needs the label of its object';
  }
}

function warnOfOthers(
  path: Path,
  { resource, request, text }: ObjectsQuestion,
  report: ReportFault,
) {
  if (request.objects === undefined || !asksForSeries(text)) return;
  const { namespace } = request;
  const isLimited = namespace !== undefined && names(text, PROBE_NAMES.namespace);
  const hasNames = PROBE_NAMES.objects.some((name) => names(text, name));
  if (!hasNames && !isLimited) {
    report({
      severity: 'warning',
      path,
      message: `the query asks for the series of all ${resource}, whichever ones a request is about${mixed(text, request)}: write \`<<.LabelMatchers>>\` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}`,
    });
  } else if (hasNames && !isLimited && namespace && lostLabel(text, namespace.label)) {
    report({
      severity: 'warning',
      path,
      message: `the query does not limit the namespace, so ${resource} of the same name in other namespaces are taken for one: write \`<<.LabelMatchers>>\` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}`,
    });
  }
}

/** What comes of it where samples tell objects apart, but not their namespaces. */
function mixed(text: string, { objects, namespace }: QueryRequest): string {
  const isMixed =
    objects !== undefined &&
    namespace !== undefined &&
    lostLabel(text, objects.label) === undefined &&
    lostLabel(text, namespace.label) !== undefined;
  return isMixed ? ', and takes those of the same name in other namespaces for one' : '';
}

function asksForSeries(text: string): boolean {
  return vectorSelectors(text).length > 0;
}

/** Whether a selector has a matcher with a certain name. */
function names(text: string, name: string): boolean {
  return vectorSelectors(text).some(({ matchers }) =>
    matchers.some(({ value }) => value.includes(name)),
  );
}
