import type { IncomingHttpHeaders } from 'node:http';
import type { ApiGroup, ApiResource } from '../registration/api-registration.ts';
import { type Answer, documentAnswer, objectAnswer } from '../representation/answer.ts';
import { createDocument, type Document } from '../representation/document.ts';
import { discoveryOffer, negotiate, type Offer } from '../representation/negotiation.ts';
import {
  aggregatedConversions,
  convertedMediaType,
  createAggregatedDiscovery,
  type DiscoveredApi,
} from './aggregated-discovery.ts';

/**
 * Answers discovery requests: `/apis`, `/apis/<group>` and `/apis/<group>/<version>`.
 *
 * @returns for the served APIs, and the API and version in the path
 */
export function createDiscovery(): (
  served: readonly DiscoveredApi[],
  api: DiscoveredApi | undefined,
  version: string | undefined,
  headers: IncomingHttpHeaders,
  pretty: boolean,
) => Answer {
  const aggregated = createAggregatedDiscovery();
  const resourceList = createResourceLists();
  return (served, api, version, headers, pretty) => {
    const offer = api === undefined ? GROUP_LIST_OFFER : discoveryOffer;
    const { mediaType, conversion } = negotiate(headers.accept, offer);
    const form = { mediaType, pretty };
    if (conversion !== undefined) {
      const document = aggregated(conversion.version, served);
      const answer = documentAnswer(document, form, headers['if-none-match']);
      return { ...answer, contentType: convertedMediaType(mediaType, conversion) };
    }
    if (api === undefined) {
      return objectAnswer(200, apiGroupList(served.map(({ group }) => group)), form);
    }
    if (version === undefined) return objectAnswer(200, apiGroup(api.group), form);
    const document = resourceList(`${api.group.name}/${version}`, api.resources(version));
    return documentAnswer(document, form, headers['if-none-match']);
  };
}

const GROUP_LIST_OFFER: Offer = { ...discoveryOffer, conversions: aggregatedConversions };

/** `/apis`: metav1.APIGroupList. Kubernetes' own servers write it without an apiVersion. */
function apiGroupList(groups: readonly ApiGroup[]): object {
  return { kind: 'APIGroupList', groups: groups.map(groupEntry) };
}

/** `/apis/<group>`: metav1.APIGroup. */
function apiGroup(group: ApiGroup): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function groupEntry(group: ApiGroup): object {
  const versions = group.versions.map((version) => ({
    groupVersion: `${group.name}/${version}`,
    version,
  }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

/**
 * `/apis/<group>/<version>`: metav1.APIResourceList, made once for each array of resources.
 *
 * @returns the document for a `<group>/<version>` and its resources
 */
function createResourceLists(): (
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
