import {
  type ClusterResource,
  qualifiedName,
  type ResourceMapper,
} from '../../apimachinery/cluster-resource.ts';
import type { LabelSelector } from '../../apimachinery/label-selector.ts';
import {
  checkSeriesSelector,
  inspectSeriesSelector,
  parseSeriesSelector,
} from '../../promql/series-selector.ts';
import { decisiveLimits, describeLimit } from '../../promql/syntax/availability.ts';
import type { ReportFault } from '../fault.ts';
import type { QueryRequest } from '../query.ts';
import type { ResourceRule } from '../template-rule/definition.ts';
import type { TemplateQuery } from '../template-rule/metrics-query.ts';
import type { ResourceLabels } from '../template-rule/resource-labels.ts';
import type {
  RuleParts,
  TemplateResourceRule,
  TemplateResourceRules,
} from '../template-rule/template-rule.ts';
import { checkMatchers } from './check-matchers.ts';
import {
  checkContainers,
  checkNamespace,
  checkObjects,
  PROBE_NAMES,
  type RequestedObjects,
} from './check-objects.ts';
import { checkOverrides, type OverrideOptions } from './check-overrides.ts';
import {
  checkMetricsQuery,
  checkOtherDelimiters,
  orMetricsql,
  type QueryCheckOptions,
} from './check-query.ts';
import { checkSeries } from './check-series.ts';
import { checkPodCgroup } from './check-usage.ts';
import {
  containerRequest,
  describedResources,
  type ExampleNames,
  type ExampleRule,
  exampleRequest,
  labelOfCore,
  nodeRequest,
  otherResources,
} from './example-request.ts';

/** Options of the checks. */
export type CheckOptions = OverrideOptions & QueryCheckOptions;

type Path = readonly (string | number)[];

/**
 * Semantic checks of a rule: the series query and the generated query are PromQL, its resources exist, and its
 * metrics can be requested. Parts that did not compile are skipped.
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
  const valid = checkMetricsQuery(query, path, requests, types, options, report);
  if (valid === undefined || !options.checkPromql) return;
  if (checkOtherDelimiters(query.text, path, report)) return;
  checkSelectedObjects(example, query, path, valid.selector, mapper, report);
}

/** Checks that the query selects the requested objects, and that its samples have their labels. */
function checkSelectedObjects(
  rule: ExampleRule & RuleParts,
  query: TemplateQuery,
  path: Path,
  selector: LabelSelector,
  mapper: ResourceMapper,
  report: ReportFault,
): void {
  const requestFor = (resource?: ClusterResource): QueryRequest => ({
    ...exampleRequest(rule, resource, mapper, PROBE_NAMES),
    selector,
  });
  if (rule.kind === 'external') {
    const request = requestFor();
    checkNamespace(query, path, request, report);
    checkSeries(rule, query, path, request, report);
    checkMatchers(rule, query, request, report);
    return;
  }
  const requestsFor = (resources: readonly ClusterResource[]): readonly RequestedObjects[] =>
    resources.map((resource) => ({
      resource: qualifiedName(resource),
      request: requestFor(resource),
    }));
  const likely = requestsFor(describedResources(rule.resources, mapper));
  const others = (): readonly RequestedObjects[] =>
    requestsFor(otherResources(rule.resources, query.text, mapper));
  const isGuess = rule.resources.readsOtherLabels && rule.resources.overrides.size === 0;
  checkObjects(query, path, { likely, others, isGuess, haveOneSample: true }, report);
  const [first] = likely;
  if (first === undefined) return;
  checkSeries(rule, query, path, first.request, report);
  checkMatchers(rule, query, first.request, report);
}

/** Semantic checks of `resourceRules`. */
export function checkResourceRules(
  rules: TemplateResourceRules,
  mapper: ResourceMapper,
  options: CheckOptions,
  report: ReportFault,
): void {
  for (const name of ['cpu', 'memory'] as const) {
    if (isMissing(rules.definition[name])) {
      const message = `\`${name}\` is missing in resourceRules, so CPU and memory cannot be served: both \`cpu\` and \`memory\` are required, each with containerQuery, nodeQuery and resources`;
      report({ severity: 'broken', path: [name], message });
      continue;
    }
    checkResourceRule(rules[name], mapper, options, (fault) =>
      report({ ...fault, path: [name, ...fault.path] }),
    );
  }
}

function isMissing({ containerQuery, nodeQuery, resources }: ResourceRule): boolean {
  const { overrides, template } = resources;
  return [containerQuery, nodeQuery, template].every((text) => text === '') && overrides.size === 0;
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
  if (!options.checkPromql || checkOtherDelimiters(rule.definition.seriesQuery, path, report))
    return;
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

/** Checks that labels identify the objects and, if necessary, the namespace. */
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
        severity: 'broken',
        path: ['resources'],
        message:
          'no label maps to the namespace, so the metrics of this rule are not served: add an override such as namespace: {resource: namespace}, or `namespaced: false` if they belong to no namespace',
      });
    }
    return;
  }
  if (!resources.readsOtherLabels && resources.overrides.size === 0) {
    report({
      severity: 'broken',
      path: ['resources'],
      message:
        'no label maps to a resource, so this rule serves nothing: expected `overrides`, e.g. overrides: {namespace: {resource: namespace}, pod: {resource: pod}}, or a `template`, e.g. kube_<<.Resource>>',
    });
    return;
  }
  if (namespaceLabel !== undefined) return;
  const overridden = [...resources.overrides.values()];
  const isUseless = overridden.every(
    ({ group, resource }) => mapper.find(group, resource)?.namespaced,
  );
  for (const [label, { group, resource: name }] of resources.overrides) {
    const resource = mapper.find(group, name);
    if (!resource?.namespaced) continue;
    report({
      severity: isUseless && !resources.readsOtherLabels ? 'broken' : 'warning',
      path: ['resources', 'overrides', label],
      message: `${qualifiedName(resource)} are in namespaces, but no label maps to the namespace, so the metrics of ${qualifiedName(resource)} are not served: add an override such as namespace: {resource: namespace}`,
    });
  }
}

/** Typical requests: for one object and for several, or for an external metric. */
function likelyRequests(
  rule: ExampleRule & RuleParts,
  mapper: ResourceMapper,
): readonly QueryRequest[] {
  const series = sampleSeriesName(rule);
  const [resource] = describedResources(rule.resources, mapper);
  const numbers = rule.kind === 'custom' ? [['web-0'], ['web-0', 'web-1']] : [[]];
  const standIn = { namespace: 'namespace', object: 'pod' };
  return numbers.map((objects) =>
    exampleRequest(rule, resource, mapper, { series, namespace: 'default', objects }, standIn),
  );
}

/** The name in the series query if it is a plain one, else a typical name. */
function sampleSeriesName(rule: RuleParts): string {
  if (checkSeriesSelector(rule.seriesQuery).length > 0) return 'example_requests_seconds_total';
  return parseSeriesSelector(rule.seriesQuery).name ?? 'example_requests_seconds_total';
}

function checkResourceRule(
  rule: TemplateResourceRule,
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
  const path = ['containerQuery'];
  const canAnswer = checkUsageQuery(containerQuery, path, containers, options, report);
  checkUsageQuery(nodeQuery, ['nodeQuery'], nodes, options, report);
  if (!options.checkPromql || !canAnswer) return;
  checkContainers(rule, path, containers.request, report);
  checkPodCgroup(rule, path, containers.request, report);
}

/** @returns whether the query can return values, so that further checks make sense */
function checkUsageQuery(
  query: TemplateQuery,
  path: Path,
  requested: RequestedObjects & { readonly likely: QueryRequest },
  options: CheckOptions,
  report: ReportFault,
): boolean {
  const valid = checkMetricsQuery(query, path, [requested.likely], ['vector'], options, report);
  if (valid === undefined) return false;
  if (!options.checkPromql) return true;
  if (checkOtherDelimiters(query.text, path, report)) return false;
  let isBroken = false;
  const served = { likely: [requested], others: () => [], isGuess: false, haveOneSample: false };
  checkObjects(query, path, served, (fault) => {
    isBroken ||= fault.severity === 'broken';
    report(fault);
  });
  checkSeries(undefined, query, path, requested.request, report);
  return !isBroken;
}

function likelyNames(...objects: readonly string[]): ExampleNames {
  return { series: '', namespace: 'default', objects };
}

function hasAllLabels(
  { resources }: TemplateResourceRule,
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
    message: `no label maps to ${missing.join(', ')}: add overrides such as ${missing.map((name) => `${name}: {resource: ${name}}`).join(', ')}`,
  });
  return false;
}
