import { deadAlternative } from '../../promql/dead-alternative.ts';
import { distinguishingLabels } from '../../promql/distinguishing-labels.ts';
import { type LostLabel, lostLabel } from '../../promql/lost-label.ts';
import { vectorSelectors } from '../../promql/selectors.ts';
import type { ReportFault, Severity } from '../fault.ts';
import type { QueryRequest } from '../query.ts';
import type { TemplateQuery } from '../template-rule/metrics-query.ts';
import type { TemplateResourceRule } from '../template-rule/template-rule.ts';
import type { ExampleNames } from './example-request.ts';
import { expandOrNothing } from './expand.ts';

/** Placeholders for requested names. No template contains them. */
export const PROBE_NAMES: ExampleNames = {
  series: 'example_requests_total',
  namespace: 'namespace-9d27',
  objects: ['object-4f1c'],
};

/** A request for objects of one resource. */
export interface RequestedObjects {
  /** The resource in words, e.g. `pods`. */
  readonly resource: string;
  /** With the names of {@link PROBE_NAMES}. */
  readonly request: QueryRequest;
}

/** The resources that a rule may serve. If none can have a value, the rule is broken. */
export interface ServedObjects {
  /** The most likely resources. */
  readonly likely: readonly RequestedObjects[];
  /** The other resources; used only if none of the likely ones has a value. */
  readonly others: () => readonly RequestedObjects[];
  /** Whether the likely resources are not known, because the rule has a template. */
  readonly isGuess: boolean;
  /** Whether only one sample of an object is used; false for containers. */
  readonly haveOneSample: boolean;
}

type Path = readonly (string | number)[];

/**
 * Finds problems of a valid query: its samples cannot be associated with an object, an object may have
 * several, or it selects more objects than requested. Templates without a query and queries that are not
 * PromQL are reported elsewhere.
 */
export function checkObjects(
  query: TemplateQuery,
  path: Path,
  { likely, others, isGuess, haveOneSample }: ServedObjects,
  report: ReportFault,
): void {
  const questions = questionsOf(query, likely);
  const losses = lossesOf(questions);
  const served = firstServed(questions, losses) ?? firstServedOfOthers(query, others);
  if (losses.length > 0 && !(isGuess && served !== undefined)) {
    const severity = served === undefined ? 'broken' : 'warning';
    reportLosses(query, path, losses, severity, report);
  }
  if (served === undefined) return;
  const isDead = warnOfDeadAlternative(query, path, served, report);
  if (haveOneSample && !isDead) warnOfSeveralSamples(path, served, report);
  warnOfOthers(path, served, report);
}

function firstServed(
  questions: readonly ObjectsQuestion[],
  losses: readonly Loss[],
): ObjectsQuestion | undefined {
  const lost = new Set(losses.map(({ resource }) => resource));
  return questions.find(({ resource }) => !lost.has(resource));
}

function firstServedOfOthers(
  query: TemplateQuery,
  others: ServedObjects['others'],
): ObjectsQuestion | undefined {
  const questions = questionsOf(query, others());
  return firstServed(questions, lossesOf(questions));
}

function questionsOf(
  query: TemplateQuery,
  requested: readonly RequestedObjects[],
): readonly ObjectsQuestion[] {
  return requested.flatMap(({ resource, request }) => {
    const text = expandOrNothing(query, request);
    return text === undefined ? [] : [{ resource, request, text }];
  });
}

/** Warns about samples that belong to no object, such as the 0 of `... or vector(0)`. */
function warnOfDeadAlternative(
  query: TemplateQuery,
  path: Path,
  { resource, request, text }: ObjectsQuestion,
  report: ReportFault,
): boolean {
  const dead = request.objects && deadAlternative(text, request.objects.label);
  if (dead === undefined) return false;
  const offset = query.placeOf(request, dead.from);
  report({
    severity: 'warning',
    path,
    message: `${dead.reason}, so this side of \`or\` is never the value of ${resource}: for a value when there are no series, write \`or clamp_max(absent(x{<<.LabelMatchers>>}), 0)\``,
    offset,
  });
  return true;
}

/** Warns about a query that may return several samples for one object. */
function warnOfSeveralSamples(
  path: Path,
  { request: { objects, namespace, groupBy }, text }: ObjectsQuestion,
  report: ReportFault,
): void {
  if (objects === undefined) return;
  const wanted = new Set([objects.label, ...groupBy]);
  if (namespace !== undefined) wanted.add(namespace.label);
  const distinguishing = distinguishingLabels(text, wanted);
  if (
    distinguishing === undefined ||
    (distinguishing !== 'any' && distinguishing.isSubsetOf(wanted))
  )
    return;
  const others = distinguishing === 'any' ? [] : [...distinguishing.difference(wanted)];
  const each = others.map((label) => `\`${label}\``).join(', ');
  report({
    severity: 'warning',
    path,
    message: `an object may have several samples${each === '' ? '' : `, one for each ${each}`}, of which only the last is used: aggregate \`by (<<.GroupBy>>)\` only, e.g. sum by (<<.GroupBy>>) (...)`,
  });
}

/** Warns about a namespaced external metric whose query does not select the namespace of the request. */
export function checkNamespace(
  query: TemplateQuery,
  path: Path,
  request: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(query, request);
  if (text === undefined || request.namespace === undefined) return;
  if (!actionSeries(text) || names(text, PROBE_NAMES.namespace)) return;
  report({
    severity: 'warning',
    path,
    message:
      'the query selects the series of all namespaces, whichever one a request is about: write `<<.LabelMatchers>>` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}, or `namespaced: false` in `resources`',
  });
}

/** Warns about a query whose samples lack the label in `containerLabel`. */
export function checkContainers(
  { containerQuery, containerLabel }: TemplateResourceRule,
  path: Path,
  request: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(containerQuery, request);
  if (text === undefined || request.objects === undefined || containerLabel === '') return;
  // Samples without the label of the pod are reported elsewhere.
  const loss = lostLabel(text, containerLabel);
  if (loss === undefined || lostLabel(text, request.objects.label) !== undefined) return;
  const offset = containerQuery.placeOf(request, loss.from);
  report({
    severity: 'warning',
    path,
    message: `${loss.reason}, so a pod is one container without a name: ${advice(loss)}, or leave \`containerLabel\` out`,
    offset,
  });
}

interface ObjectsQuestion extends RequestedObjects {
  readonly text: string;
}

interface Loss extends ObjectsQuestion {
  readonly loss: LostLabel;
}

function lossesOf(questions: readonly ObjectsQuestion[]): readonly Loss[] {
  return questions.flatMap((question) => {
    const { request, text } = question;
    const loss = request.objects && lostLabel(text, request.objects.label);
    return loss === undefined ? [] : [{ ...question, loss }];
  });
}

function reportLosses(
  query: TemplateQuery,
  path: Path,
  losses: readonly Loss[],
  severity: Severity,
  report: ReportFault,
): void {
  const [first] = losses;
  if (first === undefined) return;
  const { request, loss } = first;
  const resources = losses.map(({ resource }) => resource).join(', ');
  const offset = query.placeOf(request, loss.from);
  report({
    severity,
    path,
    message: `${loss.reason}, so ${resources} get no value: ${advice(loss)}`,
    offset,
  });
}

/** How to keep a label in the result. */
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
  if (request.objects === undefined || !actionSeries(text)) return;
  const { namespace } = request;
  const isLimited = namespace !== undefined && names(text, PROBE_NAMES.namespace);
  const hasNames = PROBE_NAMES.objects.some((name) => names(text, name));
  if (!hasNames && !isLimited) {
    report({
      severity: 'warning',
      path,
      message: `the query selects the series of all ${resource}, whichever ones a request is about${mixed(text, request)}: write \`<<.LabelMatchers>>\` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}`,
    });
  } else if (hasNames && !isLimited && namespace && lostLabel(text, namespace.label)) {
    report({
      severity: 'warning',
      path,
      message: `the query does not limit the namespace, so ${resource} of the same name in different namespaces are combined: write \`<<.LabelMatchers>>\` into the braces of a selector, e.g. <<.Series>>{<<.LabelMatchers>>}`,
    });
  }
}

/** A clause about samples that do not distinguish namespaces. */
function mixed(text: string, { namespace }: QueryRequest): string {
  const isMixed = namespace !== undefined && lostLabel(text, namespace.label) !== undefined;
  return isMixed ? ', and combines those of the same name in different namespaces' : '';
}

function actionSeries(text: string): boolean {
  return vectorSelectors(text).length > 0;
}

/** Whether a selector has a matcher for a label. */
function names(text: string, name: string): boolean {
  return vectorSelectors(text).some(({ matchers }) =>
    matchers.some(({ value }) => value.includes(name)),
  );
}
