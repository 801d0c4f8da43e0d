import type { ClusterResource, ResourceMapper } from '../../apimachinery/cluster-resource.ts';

/**
 * A mapper over the resources of a cluster, as the one kubectl builds from discovery documents
 * (k8s.io/client-go/restmapper, k8s.io/apimachinery/pkg/api/meta): where a name fits several
 * resources, the one that comes first in the cluster's own order is meant.
 *
 * @param resources in that order: groups as the API server lists them, within a group the preferred
 *   version first. A resource that several versions of its group have counts once, by the first.
 *   Subresources (`pods/log`) are left out.
 */
export function createResourceMapper(resources: readonly ClusterResource[]): ResourceMapper {
  const distinct = distinctResources(resources);
  const named = resourcesByName(distinct);

  return {
    resources: distinct,

    find(group, resource) {
      const candidates = named.get(resource.toLowerCase());
      if (candidates === undefined) return undefined;
      return (
        candidates.find((candidate) => group === '' || candidate.group === group) ??
        candidates.find((candidate) => candidate.group.startsWith(group))
      );
    },
  };
}

function distinctResources(resources: readonly ClusterResource[]): readonly ClusterResource[] {
  const distinct = new Map<string, ClusterResource>();
  for (const resource of resources) {
    if (resource.resource.includes('/')) continue;
    const key = `${resource.group}/${resource.resource}`;
    if (!distinct.has(key)) distinct.set(key, Object.freeze({ ...resource }));
  }
  return Object.freeze([...distinct.values()]);
}

/**
 * Which resources a lower-case name can mean. Hardly ever more than two, so that looking through
 * them by group is quick.
 */
function resourcesByName(
  resources: readonly ClusterResource[],
): ReadonlyMap<string, readonly ClusterResource[]> {
  const named = new Map<string, ClusterResource[]>();
  const add = (name: string, resource: ClusterResource): void => {
    const known = named.get(name);
    if (known === undefined) named.set(name, [resource]);
    else if (!known.includes(resource)) known.push(resource);
  };
  for (const resource of resources) {
    add(resource.resource.toLowerCase(), resource);
    add(resource.singular.toLowerCase(), resource);
  }
  return named;
}
