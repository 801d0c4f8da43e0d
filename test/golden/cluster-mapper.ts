import type { ResourceMapper } from '../../src/apimachinery/cluster-resource.ts';
import { createResourceMapper } from '../../src/kubernetes/discovery/resource-mapper.ts';
import { parseGroups } from './kubernetes-discovery.ts';
import { readData } from './recorded-cases.ts';

/** A mapper over the resources of the cluster that the reference adapter was recorded with. */
export function recordedClusterMapper(): ResourceMapper {
  return createResourceMapper(
    parseGroups(readData('kube-discovery.json')).flatMap((group) =>
      (group.resources[group.preferred] ?? []).map(({ name, singularName, kind, namespaced }) => ({
        group: group.name,
        version: group.preferred,
        resource: name,
        singular: singularName,
        kind,
        namespaced,
      })),
    ),
  );
}
