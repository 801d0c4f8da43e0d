import { qualifiedName, type ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { decisiveLimits, describeLimit } from '../promql/availability.ts';
import { inspectQuery } from '../promql/check.ts';
import { looksLikeMetricsql } from '../promql/metricsql.ts';
import {
  checkSeriesSelector,
  inspectSeriesSelector,
  parseSeriesSelector,
} from '../promql/series-selector.ts';
import {
  type AskedObjects,
  checkContainers,
  checkNamespace,
  checkObjects,
  PROBE_NAMES,
} from './check-objects.ts';
import { checkOverrides, type OverrideOptions } from './check-overrides.ts';
import { checkSeries } from './check-series.ts';
import {
  containerRequest,
  describedResources,
  type ExampleNames,
  type ExampleRule,
  exampleRequest,
  labelOfCore,
  nodeRequest,
} from './example-request.ts';
import { expandOrNothing } from './expand.ts';
import type { ReportFault } from './fault.ts';
import { type MetricsQuery, QueryError, type QueryRequest } from './metrics-query.ts';
import type { ResourceLabels } from './resource-labels.ts';
import type { CompiledResourceRule, CompiledResourceRules, RuleParts } from './rule.ts';
import { TemplateError } from './template/template.ts';
import { placeInTemplate } from './template-place.ts';

/** How rules are held against what surrounds them. */
export interface CheckOptions extends OverrideOptions {
  /** Off for servers that speak more than PromQL, such as MetricsQL. */
  readonly checkPromql: boolean;
}

type Path = readonly (string | number)[];

/**
 * Checks a rule by meaning: the series query and the query it makes are PromQL, its resources
 * exist, and what it serves can be asked for. Parts that did not compile are passed over.
 */
export function checkRule(
  rule: RuleParts,
  mapper: ResourceMapper,
  options: CheckOptions,
  report: ReportFault,
): void {
  checkSeriesQuery(rule, options, report);
  const { resources, query } = rule;
  if (resources === undefined) return;
  checkOverrides(resources, ['resources', 'overrides'], mapper, options, report);
  checkAssociation(rule, resources, mapper, report);
  if (query === undefined) return;
  const path = ['metricsQuery'];
  const example = { ...rule, resources };
  const types = rule.kind === 'custom' ? ['vector'] : ['vector', 'scalar'];
  const requests = likelyRequests(example, mapper);
  const canAnswer = checkMetricsQuery(query, path, requests, types, options, report);
  if (canAnswer && options.checkPromql) checkWhatIsAskedFor(example, query, path, mapper, report);
}

/** Whether the query asks for what a request is about, and its samples can be told to be of it. */
function checkWhatIsAskedFor(
  rule: ExampleRule & RuleParts,
  query: MetricsQuery,
  path: Path,
  mapper: ResourceMapper,
  report: ReportFault,
): void {
  if (rule.kind === 'external') {
    const request = exampleRequest(rule, undefined, mapper, PROBE_NAMES);
    checkNamespace(query, path, request, report);
    checkSeries(rule, query, path, request, report);
    return;
  }
  const asked = describedResources(rule.resources, mapper).map((resource) => ({
    resource: qualifiedName(resource),
    request: exampleRequest(rule, resource, mapper, PROBE_NAMES),
  }));
  checkObjects(query, path, asked, report);
  const [first] = asked;
  if (first !== undefined) checkSeries(rule, query, path, first.request, report);
}

/** Checks `resourceRules` by meaning. */
export function checkResourceRules(
  rules: CompiledResourceRules,
  mapper: ResourceMapper,
  options: CheckOptions,
  report: ReportFault,
): void {
  for (const name of ['cpu', 'memory'] as const) {
    checkResourceRule(rules[name], mapper, options, (fault) =>
      report({ ...fault, path: [name, ...fault.path] }),
    );
  }
}

function checkSeriesQuery(rule: RuleParts, options: CheckOptions, report: ReportFault): void {
  const path = ['seriesQuery'];
  if (rule.seriesQuery === '') {
    report({
      severity: 'broken',
      path,
      message:
        'the rule has no series query: expected a selector, e.g. http_requests_total{pod!=""}',
    });
    return;
  }
  if (!options.checkPromql) return;
  const { faults, limits } = inspectSeriesSelector(rule.definition.seriesQuery);
  for (const { offset, message: what } of faults) {
    const hint = orMetricsql(rule.seriesQuery);
    const message = hint === '' ? what : `it is not PromQL${hint}: ${what}`;
    report({ severity: 'broken', path, message, offset });
  }
  for (const limit of decisiveLimits(limits)) {
    report({ severity: 'warning', path, message: describeLimit(limit), offset: limit.offset });
  }
}

/** What to do about a query that is meant for a server such as VictoriaMetrics. */
function orMetricsql(text: string): string {
  return looksLikeMetricsql(text)
    ? ' but looks like MetricsQL, for which the flag --check-promql=false is needed'
    : '';
}

/** What is listed must have the labels that its queries need. */
function checkAssociation(
  rule: RuleParts,
  resources: ResourceLabels,
  mapper: ResourceMapper,
  report: ReportFault,
): void {
  const namespaceLabel = labelOfCore('namespaces', resources, mapper);
  if (rule.kind === 'external') {
    if (rule.definition.resources.namespaced && namespaceLabel === undefined) {
      report({
        severity: 'warning',
        path: ['resources'],
        message:
          'no label stands for the namespace, so the metrics of this rule are not served: add an override such as namespace: {resource: namespace}, or `namespaced: false` if they belong to no namespace',
      });
    }
    return;
  }
  if (!resources.hasTemplate && resources.overrides.size === 0) {
    report({
      severity: 'warning',
      path: ['resources'],
      message:
        'no label stands for a resource, so this rule serves nothing: expected `overrides`, e.g. overrides: {namespace: {resource: namespace}, pod: {resource: pod}}, or a `template`, e.g. kube_<<.Resource>>',
    });
    return;
  }
  if (namespaceLabel !== undefined) return;
  for (const [label, { group, resource: name }] of resources.overrides) {
    const resource = mapper.find(group, name);
    if (!resource?.namespaced) continue;
    report({
      severity: 'warning',
      path: ['resources', 'overrides', label],
      message: `${qualifiedName(resource)} are in namespaces, but no label stands for the namespace, so the metrics of ${qualifiedName(resource)} are not served: add an override such as namespace: {resource: namespace}`,
    });
  }
}

/** As clients will make them: for one object and for several, or for an external metric. */
function likelyRequests(
  rule: ExampleRule & RuleParts,
  mapper: ResourceMapper,
): readonly QueryRequest[] {
  const series = sampleSeriesName(rule);
  const [resource] = rule.kind === 'custom' ? describedResources(rule.resources, mapper) : [];
  const numbers = rule.kind === 'custom' ? [['web-0'], ['web-0', 'web-1']] : [[]];
  const standIn = { namespace: 'namespace', object: 'pod' };
  return numbers.map((objects) =>
    exampleRequest(rule, resource, mapper, { series, namespace: 'default', objects }, standIn),
  );
}

/** The name that the series query asks for where it is a plain one, else one like real names. */
function sampleSeriesName(rule: RuleParts): string {
  if (checkSeriesSelector(rule.seriesQuery).length > 0) return 'example_requests_seconds_total';
  return parseSeriesSelector(rule.seriesQuery).name ?? 'example_requests_seconds_total';
}

/** Whether the query can be answered. */
function checkMetricsQuery(
  query: MetricsQuery,
  path: Path,
  samples: readonly QueryRequest[],
  expectedTypes: readonly string[],
  options: CheckOptions,
  report: ReportFault,
): boolean {
  const groupBy = /\.GroupBy\b/.exec(query.text);
  if (samples.some((sample) => sample.groupBy.length === 0) && groupBy !== null) {
    report({
      severity: 'warning',
      path,
      offset: groupBy.index,
      message:
        '`.GroupBy` is empty in an external rule: name the labels to group by yourself, e.g. by (topic)',
    });
  }
  let problem: Problem | undefined;
  // A template may be meant for some requests only: it is broken when no request gets a query.
  for (const sample of samples) {
    const found = problemOf(query, sample, expectedTypes, options);
    if (found === undefined) {
      if (options.checkPromql) warnOfLimits(query, path, sample, report);
      return true;
    }
    problem ??= found;
  }
  if (problem !== undefined) report({ severity: 'broken', path, ...problem });
  return false;
}

/** Warns of what only some releases of Prometheus accept. */
function warnOfLimits(
  query: MetricsQuery,
  path: Path,
  sample: QueryRequest,
  report: ReportFault,
): void {
  const text = expandOrNothing(query, sample);
  if (text === undefined) return;
  for (const limit of decisiveLimits(inspectQuery(text).limits)) {
    const offset = placeInTemplate(query.text, text, { from: limit.offset, to: limit.end });
    report({
      severity: 'warning',
      path,
      message: describeLimit(limit),
      ...(offset !== undefined && { offset }),
    });
  }
}

const EXAMPLE_QUERY = 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)';

/** Something that keeps a query from being answered, and where in the template, if that is known. */
interface Problem {
  readonly message: string;
  readonly offset?: number;
}

/** Why the query for a request can never be answered, or undefined where it can. */
function problemOf(
  query: MetricsQuery,
  request: QueryRequest,
  expectedTypes: readonly string[],
  options: CheckOptions,
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
    const otherDelimiter = /\{\{-?\s*[.$\w]/.exec(query.text);
    if (otherDelimiter !== null) {
      const offset = otherDelimiter.index;
      return { message: 'templates are written between `<<` and `>>`, not `{{` and `}}`', offset };
    }
    const offset = placeInTemplate(query.text, text, { from, to });
    return {
      message: `the query it makes is not PromQL${orMetricsql(text)}: ${message}, at character ${from + 1} of: ${text}`,
      ...(offset !== undefined && { offset }),
    };
  }
  if (type === undefined || expectedTypes.includes(type)) return undefined;
  return { message: `the query it makes gives a ${type}, expected an instant vector: ${text}` };
}

function checkResourceRule(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  options: CheckOptions,
  report: ReportFault,
): void {
  checkOverrides(rule.resources, ['resources', 'overrides'], mapper, options, report);
  if (!hasAllLabels(rule, mapper, report)) return;
  const { containerQuery, nodeQuery } = rule;
  const containers = {
    resource: 'pods',
    likely: containerRequest(rule, mapper, likelyNames('web-0', 'web-1')),
    request: containerRequest(rule, mapper, PROBE_NAMES),
  };
  const nodes = {
    resource: 'nodes',
    likely: nodeRequest(rule, mapper, likelyNames('node-1', 'node-2')),
    request: nodeRequest(rule, mapper, PROBE_NAMES),
  };
  checkUsageQuery(containerQuery, ['containerQuery'], containers, options, report);
  checkUsageQuery(nodeQuery, ['nodeQuery'], nodes, options, report);
  if (options.checkPromql) checkContainers(rule, ['containerQuery'], containers.request, report);
}

function checkUsageQuery(
  query: MetricsQuery,
  path: Path,
  asked: AskedObjects & { readonly likely: QueryRequest },
  options: CheckOptions,
  report: ReportFault,
): void {
  const canAnswer = checkMetricsQuery(query, path, [asked.likely], ['vector'], options, report);
  if (!canAnswer || !options.checkPromql) return;
  checkObjects(query, path, [asked], report);
  checkSeries(undefined, query, path, asked.request, report);
}

function likelyNames(...objects: readonly string[]): ExampleNames {
  return { series: '', namespace: 'default', objects };
}

function hasAllLabels(
  { resources }: CompiledResourceRule,
  mapper: ResourceMapper,
  report: ReportFault,
): boolean {
  const missing = (['namespace', 'pod', 'node'] as const).filter(
    (name) => labelOfCore(name, resources, mapper) === undefined,
  );
  if (missing.length === 0) return true;
  report({
    severity: 'broken',
    path: ['resources'],
    message: `no label stands for ${missing.join(', ')}: add overrides such as ${missing.map((name) => `${name}: {resource: ${name}}`).join(', ')}`,
  });
  return false;
}
