import type { ClusterResource } from '../../apimachinery/cluster-resource.ts';
import { isDnsLabel, isDnsSubdomain } from '../../apimachinery/object-name.ts';

/** A version of an API group. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export interface DiscoveredVersion extends GroupVersion {
  /**
   * The resources without subresources. Undefined if unknown, because the extension API server of the
   * group is unavailable.
   */
  readonly resources: readonly ClusterResource[] | undefined;
  /** Whether the resources may be outdated, for the same reason. */
  readonly stale: boolean;
}

/**
 * Parses an APIGroupDiscoveryList (apidiscovery.k8s.io v2 or v2beta1), the response of `/api` and `/apis`
 * with aggregated discovery. Entries with invalid names are left out.
 *
 * @returns groups in the order of the server, preferred versions first; undefined for another document
 */
export function parseAggregatedDiscovery(
  document: unknown,
): readonly DiscoveredVersion[] | undefined {
  if (!isMapping(document) || document.kind !== 'APIGroupDiscoveryList') return undefined;
  return mappings(document.items).flatMap((item) => {
    const metadata = isMapping(item.metadata) ? item.metadata : {};
    const group = textOf(metadata.name);
    return mappings(item.versions).flatMap((entry) => {
      const groupVersion = { group, version: textOf(entry.version) };
      if (!isGroupVersion(groupVersion)) return [];
      const stale = entry.freshness === 'Stale';
      const resources = mappings(entry.resources).flatMap((resource) =>
        aggregatedResource(groupVersion, resource),
      );
      return [
        {
          ...groupVersion,
          stale,
          resources: stale && resources.length === 0 ? undefined : resources,
        },
      ];
    });
  });
}

function aggregatedResource(groupVersion: GroupVersion, entry: Mapping): ClusterResource[] {
  const responseKind = isMapping(entry.responseKind) ? entry.responseKind : {};
  return clusterResource(groupVersion, {
    resource: textOf(entry.resource),
    singular: textOf(entry.singularResource),
    kind: textOf(responseKind.kind),
    namespaced: entry.scope === 'Namespaced',
  });
}

/**
 * Parses an APIVersions, the response of `/api` without aggregated discovery.
 *
 * @returns undefined for another document
 */
export function parseCoreVersions(document: unknown): readonly GroupVersion[] | undefined {
  if (!isMapping(document) || !Array.isArray(document.versions)) return undefined;
  return document.versions
    .map((version: unknown) => ({ group: '', version: textOf(version) }))
    .filter(isGroupVersion);
}

/**
 * Parses an APIGroupList, the response of `/apis` without aggregated discovery.
 *
 * @returns groups in the order of the server, preferred versions first; undefined for another document
 */
export function parseGroupList(document: unknown): readonly GroupVersion[] | undefined {
  if (!isMapping(document) || !Array.isArray(document.groups)) return undefined;
  return mappings(document.groups).flatMap((entry) => {
    const group = textOf(entry.name);
    const preferred = isMapping(entry.preferredVersion)
      ? textOf(entry.preferredVersion.version)
      : '';
    const versions = mappings(entry.versions).map((version) => textOf(version.version));
    return [...new Set(versions)]
      .toSorted((one, other) => Number(other === preferred) - Number(one === preferred))
      .map((version) => ({ group, version }))
      .filter((groupVersion) => group !== '' && isGroupVersion(groupVersion));
  });
}

/**
 * Parses an APIResourceList, the response of `/api/v1` and `/apis/GROUP/VERSION`. Subresources and
 * entries with invalid names are left out.
 *
 * @returns undefined for another document
 */
export function parseResourceList(
  groupVersion: GroupVersion,
  document: unknown,
): readonly ClusterResource[] | undefined {
  if (!isMapping(document) || !Array.isArray(document.resources)) return undefined;
  return mappings(document.resources).flatMap((entry) =>
    clusterResource(groupVersion, {
      resource: textOf(entry.name),
      singular: textOf(entry.singularName),
      kind: textOf(entry.kind),
      namespaced: entry.namespaced === true,
    }),
  );
}

/** Empty for an invalid entry. Older servers leave the singular name empty. */
function clusterResource(
  { group, version }: GroupVersion,
  entry: Pick<ClusterResource, 'resource' | 'singular' | 'kind' | 'namespaced'>,
): ClusterResource[] {
  const singular = entry.singular === '' ? entry.kind.toLowerCase() : entry.singular;
  if (!isDnsLabel(entry.resource) || !isDnsLabel(singular) || entry.kind === '') return [];
  return [{ group, version, ...entry, singular }];
}

function isGroupVersion({ group, version }: GroupVersion): boolean {
  return (group === '' || isDnsSubdomain(group)) && isDnsLabel(version);
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mappings(value: unknown): readonly Mapping[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
