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

/** Prefers aggregated discovery, which servers before 1.26 do not support. */
const ACCEPT_AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',');

/** The number of concurrent requests to a server without aggregated discovery. */
const CONCURRENT_DOCUMENTS = 4;

/**
 * Reads the resources of the cluster: two requests, and on old servers one more for each version of each
 * group.
 *
 * @returns the core group, then the others in the order of the server, preferred versions first. The
 *   `resources` of an unavailable group are undefined.
 * @throws {KubernetesError} if the list of groups or the core group is unavailable
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
    throw new KubernetesError('bad_answer', `GET ${path}: expected a discovery document`);
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
    const isGroupError = groupVersion.group !== '' && error instanceof KubernetesError;
    if (!isGroupError || error.kind === 'canceled') throw error;
    return { ...groupVersion, resources: undefined, stale: true };
  }
}
