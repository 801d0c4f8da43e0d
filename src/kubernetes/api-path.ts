import type { ClusterResource } from '../apimachinery/cluster-resource.ts';

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A name as RFC 1123 has it: what a namespace, a resource or a version may be called. */
export function isDnsLabel(name: string): boolean {
  return DNS_LABEL.test(name);
}

/** Labels with dots between them, at most 253 characters: what an API group may be called. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every(isDnsLabel);
}

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
