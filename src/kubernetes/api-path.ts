import type { ClusterResource } from '../apimachinery/cluster-resource.ts';
import { isDnsLabel } from '../apimachinery/object-name.ts';

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function groupVersionPath(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/**
 * The path of the list of the objects of a resource.
 *
 * @param namespace undefined for all namespaces, and for root-scoped resources
 * @returns undefined if there can be no such objects: the namespace cannot exist, or the resource is
 *   root-scoped
 */
export function listPath(
  resource: ClusterResource,
  namespace: string | undefined,
): string | undefined {
  const base = groupVersionPath(resource.group, resource.version);
  if (namespace === undefined) return `${base}/${resource.resource}`;
  if (!resource.namespaced || !isDnsLabel(namespace)) return undefined;
  return `${base}/namespaces/${namespace}/${resource.resource}`;
}
