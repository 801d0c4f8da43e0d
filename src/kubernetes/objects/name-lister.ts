import type { ClusterResource } from '../../apimachinery/cluster-resource.ts';
import { formatLabelSelector, type LabelSelector } from '../../apimachinery/label-selector.ts';
import { createSingleFlight } from '../../async/single-flight.ts';
import { sortInSlices } from '../../async/sort-in-slices.ts';
import { createTimeSlices } from '../../async/time-slices.ts';
import { listPath } from '../api-path.ts';
import type { KubernetesClient } from '../client/client.ts';
import { readList } from '../informer/list.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { metadataFormat, type ObjectMetadata } from './object-metadata.ts';

export interface ObjectNamesRequest {
  readonly resource: ClusterResource;
  /** Undefined for root-scoped resources, and for all namespaces. */
  readonly namespace: string | undefined;
  /** An empty selector matches all objects. */
  readonly selector: LabelSelector;
  readonly signal?: AbortSignal | undefined;
}

/** Names of objects of the cluster. */
export interface ClusterObjectNames {
  /**
   * The distinct names of the objects that match a selector, sorted. Empty for a namespace that cannot
   * exist (empty, not a DNS label), and for a root-scoped resource in a namespace.
   *
   * @throws {KubernetesError}
   */
  list(request: ObjectNamesRequest): Promise<readonly string[]>;
}

/** Lists the metadata of objects, page by page. Concurrent equal requests share one list. */
export function createObjectNames(client: KubernetesClient): ClusterObjectNames {
  const listings = createSingleFlight<readonly string[]>();

  return {
    async list({ resource, namespace, selector, signal }) {
      const path = listPath(resource, namespace);
      if (path === undefined) return [];
      const labelSelector = formatLabelSelector(selector);
      const start = (shared: AbortSignal): Promise<readonly string[]> =>
        listNames(client, path, labelSelector, shared);
      return listings.join(`${path}?${labelSelector}`, start, signal).catch((error: unknown) => {
        throw signal?.aborted ? new KubernetesError('canceled', `GET ${path}: canceled`) : error;
      });
    },
  };
}

/** Objects of different namespaces may have the same name, which is returned once. */
async function listNames(
  client: KubernetesClient,
  path: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const begin = () => {
    const names = new Set<string>();
    return { names, add: ({ name }: ObjectMetadata) => void names.add(name) };
  };
  const request = { path, format: metadataFormat, labelSelector, signal };
  const { receiver } = await readList(client, request, begin);
  return sortInSlices(receiver.names, (one, other) => one < other, createTimeSlices());
}
