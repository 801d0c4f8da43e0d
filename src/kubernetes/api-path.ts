import type { ClusterResource } from '../apimachinery/cluster-resource.ts';
import { isDnsLabel } from '../apimachinery/object-name.ts';

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function groupVersionPath(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/**
 * Where the objects of a resource are listed.
 *
 * @param namespace undefined for all namespaces, and for root-scoped resources.
 * @returns undefined where there can be no such objects: a namespace that cannot exist, or one given
 *   for a root-scoped resource.
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
