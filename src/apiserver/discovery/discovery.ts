import { createDocument, type Document } from '../representation/document.ts';

/** An API group of this server and its versions, the preferred one first. */
export interface ApiGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

/** `/apis`: metav1.APIGroupList. Kubernetes' own servers write it without an apiVersion. */
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

/**
 * `/apis/<group>/<version>`: metav1.APIResourceList, made once for each array of resources.
 *
 * @returns the document for a `<group>/<version>` and its resources
 */
export function createResourceLists(): (
  groupVersion: string,
  resources: readonly ApiResource[],
) => Document {
  const documents = new WeakMap<readonly ApiResource[], Map<string, Document>>();
  return (groupVersion, resources) => {
    const ofResources = documents.get(resources) ?? new Map<string, Document>();
    documents.set(resources, ofResources);
    const document =
      ofResources.get(groupVersion) ??
      createDocument({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources });
    ofResources.set(groupVersion, document);
    return document;
  };
}
