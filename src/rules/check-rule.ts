import {
  type ClusterResource,
  qualifiedName,
  type ResourceMapper,
} from '../apimachinery/cluster-resource.ts';
import { checkQuery, queryType } from '../promql/check.ts';
import { checkSeriesSelector, parseSeriesSelector } from '../promql/series-selector.ts';
import type { ReportFault } from './fault.ts';
import { type MetricsQuery, QueryError, type QueryRequest } from './metrics-query.ts';
import type { ResourceLabels } from './resource-labels.ts';
import type { CompiledResourceRule, CompiledResourceRules, RuleParts } from './rule.ts';

/** How rules are held against what surrounds them. */
export interface CheckOptions {
  /** Off for servers that speak more than PromQL, such as MetricsQL. */
  readonly checkPromql: boolean;
  /** How bad an override is that names no resource of the cluster. */
  readonly unknownResource: 'error' | 'warning';
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
  const samples = sampleRequests(rule, resources, mapper);
  const types = rule.kind === 'custom' ? ['vector'] : ['vector', 'scalar'];
  checkMetricsQuery(query, ['metricsQuery'], samples, types, options, report);
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
  for (const { offset, message } of checkSeriesSelector(rule.definition.seriesQuery)) {
    report({ severity: 'broken', path, message, offset });
  }
}

function checkOverrides(
  resources: ResourceLabels,
  path: Path,
  mapper: ResourceMapper,
  options: CheckOptions,
  report: ReportFault,
): void {
  const labels = new Map<string, string>();
  for (const [label, { group, resource: name }] of resources.overrides) {
    const at = [...path, label];
    if (name === '') {
      report({
        severity: 'error',
        path: at,
        message: 'an override names a resource: expected e.g. {resource: pod}',
      });
      continue;
    }
    const resource = mapper.find(group, name);
    if (resource === undefined) {
      report({
        severity: options.unknownResource,
        path: at,
        message: unknownResource(group, name, mapper),
      });
      continue;
    }
    const other = labels.get(qualifiedName(resource));
    if (other === undefined) {
      labels.set(qualifiedName(resource), label);
    } else {
      report({
        severity: 'warning',
        path: at,
        message: `the label "${other}" stands for ${qualifiedName(resource)} already: of a series that has both, "${other}" is used`,
      });
    }
  }
}

function unknownResource(group: string, name: string, mapper: ResourceMapper): string {
  const named = group === '' ? `"${name}"` : `"${name}" of the group "${group}"`;
  const elsewhere = group === '' ? undefined : mapper.find('', name);
  if (elsewhere !== undefined) {
    const place = elsewhere.group === '' ? 'the core group' : `the group "${elsewhere.group}"`;
    return `no resource ${named} is known: ${elsewhere.resource} belong to ${place}`;
  }
  return `no resource ${named} is known: expected the plural or singular name of one, such as "pods" or "deployment" (short names do not count), and its group where several have it`;
}

/** What is listed must have the labels that its queries need. */
function checkAssociation(
  rule: RuleParts,
  resources: ResourceLabels,
  mapper: ResourceMapper,
  report: ReportFault,
): void {
  const namespaces = mapper.find('', 'namespaces');
  const namespaceLabel = namespaces && resources.labelOf(namespaces, mapper);

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
        'no label stands for a resource, so this rule serves nothing: expected `overrides`, `template` or both',
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

/** Requests as clients will make them: for one object and for several, or for external metrics. */
function sampleRequests(
  rule: RuleParts,
  resources: ResourceLabels,
  mapper: ResourceMapper,
): readonly QueryRequest[] {
  const namespaces = mapper.find('', 'namespaces');
  const namespaceLabel = (namespaces && resources.labelOf(namespaces, mapper)) ?? 'namespace';
  const namespace = { label: namespaceLabel, value: 'default' };
  const series = sampleSeriesName(rule);
  if (rule.kind === 'external') {
    const namespaced = rule.definition.resources.namespaced;
    return [{ series, selector: [], groupBy: [], ...(namespaced && { namespace }) }];
  }
  const resource = sampleResource(resources, mapper);
  const label = (resource && resources.labelOf(resource, mapper)) ?? 'pod';
  return [['web-0'], ['web-0', 'web-1']].map((names) => ({
    series,
    selector: [],
    ...(resource?.namespaced !== false && { namespace }),
    objects: { label, names },
    groupBy: [label],
  }));
}

/** A resource that the rule has a label for: the first override that is no namespace, else pods. */
function sampleResource(
  resources: ResourceLabels,
  mapper: ResourceMapper,
): ClusterResource | undefined {
  const overridden = [...resources.overrides.values()]
    .map(({ group, resource }) => mapper.find(group, resource))
    .filter((resource) => resource !== undefined);
  return (
    overridden.find((resource) => resource.resource !== 'namespaces') ??
    (resources.hasTemplate ? mapper.find('', 'pods') : overridden[0])
  );
}

/** The name that the series query asks for where it is a plain one, else one like real names. */
function sampleSeriesName(rule: RuleParts): string {
  if (checkSeriesSelector(rule.seriesQuery).length > 0) return 'example_requests_seconds_total';
  return parseSeriesSelector(rule.seriesQuery).name ?? 'example_requests_seconds_total';
}

function checkMetricsQuery(
  query: MetricsQuery,
  path: Path,
  samples: readonly QueryRequest[],
  expectedTypes: readonly string[],
  options: CheckOptions,
  report: ReportFault,
): void {
  if (samples.some((sample) => sample.groupBy.length === 0) && /\.GroupBy\b/.test(query.text)) {
    report({
      severity: 'warning',
      path,
      message:
        '`.GroupBy` is empty in an external rule: name the labels to group by yourself, e.g. by (topic)',
    });
  }
  const problems = samples.map((sample) => problemOf(query, sample, expectedTypes, options));
  const problem = problems[0];
  // A template may be meant for some requests only: it is broken when no request gets a query.
  if (problem !== undefined && problems.every((other) => other !== undefined)) {
    report({ severity: 'broken', path, message: problem });
  }
}

/** Why the query for a request can never be answered, or undefined where it can. */
function problemOf(
  query: MetricsQuery,
  request: QueryRequest,
  expectedTypes: readonly string[],
  options: CheckOptions,
): string | undefined {
  let text: string;
  try {
    text = query.for(request);
  } catch (error) {
    if (error instanceof QueryError) return error.message;
    throw error;
  }
  if (!options.checkPromql) return undefined;
  const fault = checkQuery(text)[0];
  if (fault !== undefined) {
    return `the query it makes is not PromQL: ${fault.message}, at character ${fault.offset + 1} of: ${text}`;
  }
  const type = queryType(text);
  if (type === undefined || expectedTypes.includes(type)) return undefined;
  return `the query it makes gives a ${type}, expected an instant vector: ${text}`;
}

function checkResourceRule(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  options: CheckOptions,
  report: ReportFault,
): void {
  checkOverrides(rule.resources, ['resources', 'overrides'], mapper, options, report);
  const labels = resourceRuleLabels(rule, mapper, report);
  if (labels === undefined) return;
  const namespace = { label: labels.namespace, value: 'default' };
  const containerRequest: QueryRequest = {
    series: '',
    selector: [],
    namespace,
    objects: { label: labels.pod, names: ['web-0', 'web-1'] },
    groupBy: [labels.pod, rule.containerLabel].filter((label) => label !== ''),
  };
  const nodeRequest: QueryRequest = {
    series: '',
    selector: [],
    objects: { label: labels.node, names: ['node-1', 'node-2'] },
    groupBy: [labels.node],
  };
  const { containerQuery, nodeQuery } = rule;
  checkMetricsQuery(
    containerQuery,
    ['containerQuery'],
    [containerRequest],
    ['vector'],
    options,
    report,
  );
  checkMetricsQuery(nodeQuery, ['nodeQuery'], [nodeRequest], ['vector'], options, report);
}

function resourceRuleLabels(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  report: ReportFault,
): { namespace: string; pod: string; node: string } | undefined {
  const labelOf = (name: string): string | undefined => {
    const resource = mapper.find('', name);
    return resource && rule.resources.labelOf(resource, mapper);
  };
  const [namespace, pod, node] = [labelOf('namespaces'), labelOf('pods'), labelOf('nodes')];
  if (namespace !== undefined && pod !== undefined && node !== undefined) {
    return { namespace, pod, node };
  }
  const missing = Object.entries({ namespace, pod, node }).filter(([, label]) => !label);
  const names = missing.map(([name]) => name);
  report({
    severity: 'broken',
    path: ['resources'],
    message: `no label stands for ${names.join(', ')}: add overrides such as ${names.map((name) => `${name}: {resource: ${name}}`).join(', ')}`,
  });
  return undefined;
}
