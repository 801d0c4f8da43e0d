import type { ApiRegistration, ApiResource } from '../registration/api-registration.ts';
import { createDocument, type Document } from '../representation/document.ts';
import type { Conversion } from '../representation/negotiation.ts';

const GROUP = 'apidiscovery.k8s.io';
const KIND = 'APIGroupDiscoveryList';

/** The conversions of `/apis`: all discovery documents in one. */
export const aggregatedConversions: readonly Conversion[] = ['v2', 'v2beta1'].map((version) => ({
  kind: KIND,
  group: GROUP,
  version,
}));

/** The Content-Type of such a conversion, as Kubernetes' servers write it. */
export function convertedMediaType(
  mediaType: string,
  { kind, group, version }: Conversion,
): string {
  return `${mediaType};g=${group};v=${version};as=${kind}`;
}

/** The part of an API that discovery describes. */
export type DiscoveredApi = Pick<ApiRegistration<unknown>, 'group' | 'resources'>;

/**
 * All discovery documents in one: APIGroupDiscoveryList of apidiscovery.k8s.io. It is rebuilt only when
 * resources have changed.
 *
 * @returns for a version of apidiscovery.k8s.io, the document about these APIs
 */
export function createAggregatedDiscovery(): (
  version: string,
  apis: readonly DiscoveredApi[],
) => Document {
  let lists: readonly (readonly ApiResource[])[] = [];
  let documents = new Map<string, Document>();
  return (version, apis) => {
    const current = apis.flatMap((api) => api.group.versions.map((each) => api.resources(each)));
    if (current.length !== lists.length || current.some((list, i) => list !== lists[i])) {
      lists = current;
      documents = new Map();
    }
    const document = documents.get(version) ?? createDocument(groupDiscoveryList(version, apis));
    documents.set(version, document);
    return document;
  };
}

function groupDiscoveryList(version: string, apis: readonly DiscoveredApi[]): object {
  return {
    kind: KIND,
    apiVersion: `${GROUP}/${version}`,
    metadata: {},
    items: apis.map((api) => ({
      metadata: { name: api.group.name, creationTimestamp: null },
      versions: api.group.versions.map((each) => ({
        version: each,
        resources: resourceDiscoveries(api.group.name, each, api.resources(each)),
        freshness: 'Current',
      })),
    })),
  };
}

interface ResponseKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface ResourceDiscovery {
  readonly resource: string;
  readonly responseKind: ResponseKind;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
}

interface SubresourceDiscovery {
  readonly subresource: string;
  readonly responseKind: ResponseKind;
  readonly verbs: readonly string[];
}

/**
 * The resources of a version, `pods/metric` as the subresource `metric` of `pods`. The resource
 * that it is part of is not served: it has no verbs and an empty kind, which clients ignore (null makes some
 * clients crash).
 */
function resourceDiscoveries(
  group: string,
  version: string,
  resources: readonly ApiResource[],
): readonly object[] {
  const found = new Map<string, ResourceDiscovery>();
  const subresources = new Map<string, SubresourceDiscovery[]>();
  for (const { name, namespaced, singularName, kind, verbs } of resources) {
    const [resource = '', subresource] = name.split(/\/(.*)/s);
    const responseKind = { group, version, kind };
    const scope = namespaced ? 'Namespaced' : 'Cluster';
    if (subresource === undefined) {
      found.set(resource, { resource, responseKind, scope, singularResource: singularName, verbs });
      continue;
    }
    const listed = subresources.get(resource) ?? [];
    subresources.set(resource, listed);
    listed.push({ subresource, responseKind, verbs });
    if (!found.has(resource)) found.set(resource, unservedResource(resource, scope));
  }
  return [...found.values()].map((entry) => {
    const listed = subresources.get(entry.resource);
    return listed === undefined ? entry : { ...entry, subresources: listed };
  });
}

function unservedResource(resource: string, scope: ResourceDiscovery['scope']): ResourceDiscovery {
  const responseKind = { group: '', version: '', kind: '' };
  return { resource, responseKind, scope, singularResource: '', verbs: [] };
}
