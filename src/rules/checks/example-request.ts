import {
  type ClusterResource,
  qualifiedName,
  type ResourceMapper,
} from '../../apimachinery/cluster-resource.ts';
import type { QueryRequest } from '../query.ts';
import type { ResourceLabels } from '../template-rule/resource-labels.ts';
import type { RuleParts, TemplateResourceRule } from '../template-rule/template-rule.ts';

/** The names in a request. The labels come from the rule. */
export interface ExampleNames {
  readonly series: string;
  readonly namespace: string;
  readonly objects: readonly string[];
}

/** Labels for a rule that has none. */
export interface StandInLabels {
  readonly namespace: string;
  readonly object: string;
}

/** A rule whose `resources` compiled. */
export type ExampleRule = Pick<RuleParts, 'kind' | 'definition'> & {
  readonly resources: ResourceLabels;
};

/** The label of a core resource, e.g. of `pods`. */
export function labelOfCore(
  name: string,
  resources: ResourceLabels,
  mapper: ResourceMapper,
): string | undefined {
  const resource = mapper.find('', name);
  return resource && resources.labelOf(resource, mapper);
}

/** The resources of the overrides, each once, in the order of the file. */
function overriddenResources(
  resources: ResourceLabels,
  mapper: ResourceMapper,
): readonly ClusterResource[] {
  const found = [...resources.overrides.values()].flatMap(
    ({ group, resource }) => mapper.find(group, resource) ?? [],
  );
  return [...new Map(found.map((each) => [qualifiedName(each), each])).values()];
}

/**
 * The resources that clients most likely request: those of the overrides, or pods if there is a template.
 * Namespaces only if there are no others, because the others need their label as well.
 */
export function describedResources(
  resources: ResourceLabels,
  mapper: ResourceMapper,
): readonly ClusterResource[] {
  const overridden = overriddenResources(resources, mapper);
  const objects = overridden.filter(({ resource }) => resource !== 'namespaces');
  if (objects.length > 0) return objects;
  const pods = resources.readsOtherLabels ? mapper.find('', 'pods') : undefined;
  return pods === undefined ? overridden : [pods];
}

/**
 * The less likely resources of a rule: namespaces and, for a template, those whose labels its query
 * contains, and one other. The query treats all others in the same way.
 */
export function otherResources(
  resources: ResourceLabels,
  query: string,
  mapper: ResourceMapper,
): readonly ClusterResource[] {
  const likely = new Set(describedResources(resources, mapper).map(qualifiedName));
  const isOther = (resource: ClusterResource): boolean => !likely.has(qualifiedName(resource));
  const others = overriddenResources(resources, mapper).filter(isOther);
  if (!resources.readsOtherLabels) return others;
  const words = new Set(query.match(/[a-zA-Z_]\w*/g));
  const named = resources.describedBy(words, mapper).map(({ resource }) => resource);
  const unnamed = mapper.resources.find((resource) => {
    const label = resources.labelOf(resource, mapper);
    return isOther(resource) && label !== undefined && !words.has(label);
  });
  return [...others, ...named.filter(isOther), ...(unnamed === undefined ? [] : [unnamed])];
}

/** A request for the values of a rule, for objects of one resource or for an external metric. */
export function exampleRequest(
  { kind, definition, resources }: ExampleRule,
  resource: ClusterResource | undefined,
  mapper: ResourceMapper,
  names: ExampleNames,
  standIn?: StandInLabels,
): QueryRequest {
  const namespaceLabel = labelOfCore('namespaces', resources, mapper) ?? standIn?.namespace;
  const namespace =
    namespaceLabel === undefined ? undefined : { label: namespaceLabel, value: names.namespace };
  const base = { series: names.series, selector: [] };
  if (kind === 'external') {
    const isNamespaced = definition.resources.namespaced && namespace !== undefined;
    return { ...base, ...(isNamespaced && { namespace }), groupBy: [] };
  }
  const label = (resource && resources.labelOf(resource, mapper)) ?? standIn?.object;
  return {
    ...base,
    ...(resource?.namespaced !== false && namespace && { namespace }),
    ...(label !== undefined && { objects: { label, names: names.objects } }),
    groupBy: label === undefined ? [] : [label],
  };
}

/** A request for the containers of pods of one namespace. */
export function containerRequest(
  { resources, containerLabel }: TemplateResourceRule,
  mapper: ResourceMapper,
  names: ExampleNames,
): QueryRequest {
  const namespace = labelOfCore('namespaces', resources, mapper);
  const pod = labelOfCore('pods', resources, mapper);
  return {
    series: names.series,
    selector: [],
    ...(namespace !== undefined && { namespace: { label: namespace, value: names.namespace } }),
    ...(pod !== undefined && { objects: { label: pod, names: names.objects } }),
    groupBy: [pod ?? '', containerLabel].filter((label) => label !== ''),
  };
}

/** A request for nodes. */
export function nodeRequest(
  { resources }: TemplateResourceRule,
  mapper: ResourceMapper,
  names: ExampleNames,
): QueryRequest {
  const node = labelOfCore('nodes', resources, mapper);
  return {
    series: names.series,
    selector: [],
    ...(node !== undefined && { objects: { label: node, names: names.objects } }),
    groupBy: node === undefined ? [] : [node],
  };
}
