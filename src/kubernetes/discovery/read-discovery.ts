import pLimit from 'p-limit';
import { groupVersionPath } from '../api-path.ts';
import type { KubernetesClient } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import {
  type DiscoveredVersion,
  type GroupVersion,
  parseAggregatedDiscovery,
  parseCoreVersions,
  parseGroupList,
  parseResourceList,
} from './discovery-documents.ts';

/** Aggregated discovery first, the documents of servers before 1.26 as the last choice. */
const ACCEPT_AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/** How many documents are read at once from a server without aggregated discovery. */
const CONCURRENT_DOCUMENTS = 4;

/**
 * Asks the API server which resources exist: two requests, or on old servers one more for each
 * version of each group.
 *
 * @returns the core group, then the others in the server's order, preferred versions first.
 *   A group that the server cannot tell about has no `resources`.
 * @throws {KubernetesError} when the server cannot tell which groups there are, or not about the
 *   core group.
 */
export async function readDiscovery(
  client: KubernetesClient,
  signal: AbortSignal,
): Promise<readonly DiscoveredVersion[]> {
  const [core, groups] = await Promise.all([
    readVersions(client, '/api', parseCoreVersions, signal),
    readVersions(client, '/apis', parseGroupList, signal),
  ]);
  return [...core, ...groups];
}

/** Everything below `/api` or `/apis`. */
async function readVersions(
  client: KubernetesClient,
  path: string,
  parseLegacy: (document: unknown) => readonly GroupVersion[] | undefined,
  signal: AbortSignal,
): Promise<readonly DiscoveredVersion[]> {
  const { body } = await client.getJson(path, { accept: ACCEPT_AGGREGATED, signal });
  const aggregated = parseAggregatedDiscovery(body);
  if (aggregated !== undefined) return aggregated;

  const versions = parseLegacy(body);
  if (versions === undefined) {
    throw new KubernetesError('bad_answer', `GET ${path}: the answer is no discovery document`);
  }
  const limited = pLimit(CONCURRENT_DOCUMENTS);
  return limited.map(versions, (version) => readResources(client, version, signal));
}

async function readResources(
  client: KubernetesClient,
  groupVersion: GroupVersion,
  signal: AbortSignal,
): Promise<DiscoveredVersion> {
  const path = groupVersionPath(groupVersion.group, groupVersion.version);
  try {
    const { body } = await client.getJson(path, { signal });
    const resources = parseResourceList(groupVersion, body);
    return { ...groupVersion, resources, stale: resources === undefined };
  } catch (error) {
    const isOwnFault = groupVersion.group !== '' && error instanceof KubernetesError;
    if (!isOwnFault || error.kind === 'canceled') throw error;
    return { ...groupVersion, resources: undefined, stale: true };
  }
}
