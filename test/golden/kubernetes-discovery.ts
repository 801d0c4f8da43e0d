import { Ajv } from 'ajv';

/** A resource as a discovery document lists it (metav1.APIResource, without subresources). */
export interface ServedResource {
  /** Plural, e.g. `pods`. */
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
}

/** One API group of the cluster. */
export interface ServedGroup {
  /** Empty: the core group. */
  readonly name: string;
  /** In the order in which the API server lists them. */
  readonly versions: readonly string[];
  readonly preferred: string;
  /** By version. */
  readonly resources: Readonly<Record<string, readonly ServedResource[]>>;
}

const isGroupList = new Ajv({ strict: true }).compile<ServedGroup[]>({
  type: 'array',
  items: {
    type: 'object',
    required: ['name', 'versions', 'preferred', 'resources'],
    additionalProperties: false,
    properties: {
      name: { type: 'string' },
      versions: { type: 'array', items: { type: 'string' }, minItems: 1 },
      preferred: { type: 'string' },
      resources: {
        type: 'object',
        required: [],
        additionalProperties: { type: 'array', items: { $ref: '#/definitions/resource' } },
      },
    },
  },
  definitions: {
    resource: {
      type: 'object',
      required: ['name', 'singularName', 'namespaced', 'kind', 'verbs'],
      additionalProperties: false,
      properties: {
        name: { type: 'string' },
        singularName: { type: 'string' },
        namespaced: { type: 'boolean' },
        kind: { type: 'string' },
        verbs: { type: 'array', items: { type: 'string' } },
        shortNames: { type: 'array', items: { type: 'string' } },
      },
    },
  },
});

/**
 * Reads the groups of a cluster out of JSON of the form of data/kube-discovery.json.
 *
 * @throws Error where the text has another form.
 */
export function parseGroups(json: string): ServedGroup[] {
  const groups: unknown = JSON.parse(json);
  if (!isGroupList(groups)) {
    throw new Error(`not the groups of a cluster: ${JSON.stringify(isGroupList.errors?.[0])}`);
  }
  return groups;
}

/** Versions of `apidiscovery.k8s.io` in which aggregated discovery is served. */
export type AggregatedVersion = 'v2' | 'v2beta1';

/** `v1` for the core group, else `group/version`. */
export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The answer to `/api` (metav1.APIVersions). */
export function apiVersionsDocument(core: ServedGroup, address: string): object {
  return {
    kind: 'APIVersions',
    versions: core.versions,
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** The answer to `/apis` (metav1.APIGroupList); the core group is not part of it. */
export function groupListDocument(groups: readonly ServedGroup[]): object {
  const named = groups.filter(({ name }) => name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(describeGroup) };
}

/** The answer to `/apis/<group>` (metav1.APIGroup). */
export function groupDocument(group: ServedGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) };
}

/** The answer to `/api/v1` and `/apis/<group>/<version>` (metav1.APIResourceList). */
export function resourceListDocument(group: ServedGroup, version: string): object {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group.name, version),
    resources: group.resources[version] ?? [],
  };
}

/** The aggregated answer to `/api` or `/apis` (apidiscovery APIGroupDiscoveryList). */
export function aggregatedDocument(
  groups: readonly ServedGroup[],
  version: AggregatedVersion,
): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group.name, creationTimestamp: null },
      versions: preferredFirst(group).map((served) => ({
        version: served,
        resources: (group.resources[served] ?? []).map((resource) =>
          describeResource(group.name, served, resource),
        ),
        freshness: 'Current',
      })),
    })),
  };
}

function describeGroup({ name, versions, preferred }: ServedGroup): object {
  const describe = (version: string) => ({ groupVersion: groupVersion(name, version), version });
  return { name, versions: versions.map(describe), preferredVersion: describe(preferred) };
}

function describeResource(group: string, version: string, resource: ServedResource): object {
  return {
    resource: resource.name,
    responseKind: { group, version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singularName,
    verbs: resource.verbs,
    ...(resource.shortNames === undefined ? {} : { shortNames: resource.shortNames }),
  };
}

/** Aggregated discovery has no field for the preferred version: it is the first one. */
function preferredFirst({ versions, preferred }: ServedGroup): string[] {
  return [preferred, ...versions.filter((version) => version !== preferred)];
}
