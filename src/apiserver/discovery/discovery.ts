import { qualifiedName } from '../../apimachinery/cluster-resource.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { ApiGroup } from './api-group.ts';

/** `/apis`: metav1.APIGroupList, which Kubernetes' own servers write without an apiVersion. */
export function apiGroupList(groups: readonly ApiGroup[]): object {
  return { kind: 'APIGroupList', groups: groups.map(groupEntry) };
}

/** `/apis/<group>`: metav1.APIGroup. */
export function apiGroup(group: ApiGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function groupEntry(group: ApiGroup): object {
  const versions = group.versions.map((version) => ({
    groupVersion: `${group.name}/${version}`,
    version,
  }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

/** metav1.APIResource. */
export interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** metav1.APIResourceList. */
export interface ApiResourceList {
  readonly kind: 'APIResourceList';
  readonly apiVersion: 'v1';
  readonly groupVersion: string;
  readonly resources: readonly ApiResource[];
}

/** `/apis/<group>/<version>`. */
export function apiResourceList(
  groupVersion: string,
  resources: readonly ApiResource[],
): ApiResourceList {
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** What custom.metrics.k8s.io lists: one entry per metric and kind of object. */
export function customMetricResources(catalog: Catalog): readonly ApiResource[] {
  return catalog.customMetrics.map(({ name, resource }) => ({
    name: `${qualifiedName(resource)}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    kind: 'MetricValueList',
    verbs: ['get'],
  }));
}

/** What external.metrics.k8s.io lists: one entry per metric. */
export function externalMetricResources(catalog: Catalog): readonly ApiResource[] {
  return catalog.externalMetrics.map(({ name }) => ({
    name,
    singularName: '',
    namespaced: true,
    kind: 'ExternalMetricValueList',
    verbs: ['get'],
  }));
}
