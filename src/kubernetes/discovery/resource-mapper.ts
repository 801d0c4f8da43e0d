import type { ClusterResource, ResourceMapper } from '../../apimachinery/cluster-resource.ts';

/**
 * A mapper for the resources of a cluster, like that of kubectl (k8s.io/client-go/restmapper,
 * k8s.io/apimachinery/pkg/api/meta): a name that matches several resources means the first one.
 *
 * @param resources groups in the order of the API server, the preferred version of a group first. Of a
 *   resource with several versions, the first is used. Subresources (`pods/log`) are left out.
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

/** The resources by lower-case name. There are rarely more than two, so a linear search by group is fast. */
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
