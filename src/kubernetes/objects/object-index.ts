import { type ClusterResource, qualifiedName } from '../../apimachinery/cluster-resource.ts';
import { formatLabelSelector } from '../../apimachinery/label-selector.ts';
import { couldBeObjectName } from '../../apimachinery/object-name.ts';
import { createSingleFlight } from '../../async/single-flight.ts';
import { listPath } from '../api-path.ts';
import type { KubernetesClient } from '../client/client.ts';
import type { InformerLog } from '../informer/informer.ts';
import { readList } from '../informer/list.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import type { ObjectIndexMetrics, ObjectsSource } from '../monitoring.ts';
import { type IndexedObject, IndexedObjects } from './indexed-objects.ts';
import { LabelPool } from './label-pool.ts';
import { defaultLimits, type ObjectIndexLimits } from './limits.ts';
import {
  type ClusterObjectNames,
  createObjectNames,
  type ObjectNamesRequest,
} from './name-lister.ts';
import { metadataFormat } from './object-metadata.ts';
import { indexResource, type ResourceIndex } from './resource-index.ts';

export interface ObjectsRequest extends ObjectNamesRequest {
  /** Only objects with this name. */
  readonly name?: string | undefined;
  /**
   * A field selector that the API server evaluates, e.g. `status.phase=Running`. Each one has an index of
   * its own, so only a few fixed ones may be used.
   */
  readonly fieldSelector?: string | undefined;
}

/** The objects of the cluster by namespace, name and labels. */
export interface ObjectIndex extends ClusterObjectNames {
  /**
   * The objects that match, in the order of the API server: by namespace, then by name. Empty for a
   * namespace that cannot exist, and for a root-scoped resource in a namespace.
   *
   * @throws {KubernetesError}
   */
  objects(request: ObjectsRequest): Promise<readonly IndexedObject[]>;
  /** Ends all watches. */
  close(): void;
}

export interface ObjectIndexOptions {
  readonly client: KubernetesClient;
  readonly log: InformerLog;
  readonly report: ObjectIndexMetrics;
  readonly limits?: Partial<ObjectIndexLimits>;
  /** A clock in milliseconds, e.g. `performance.now`. */
  readonly now?: () => number;
}

/**
 * Keeps the metadata of objects in memory. The first request for a resource lists and then watches its
 * objects; an index without requests is dropped.
 *
 * Results are complete. They are served for at most `limits.maxStaleMs` after the loss of contact with the
 * API server, which is detected after `limits.stallTimeoutMs` at the latest. So metrics stay available
 * during a restart of the API server, and requests fail rather than use old names after that. Without an
 * index, because there are too many objects or watching is not allowed, each request lists its objects.
 */
export function createObjectIndex(options: ObjectIndexOptions): ObjectIndex {
  const { client, log, report, now = () => performance.now() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const listings = createObjectNames(client);
  const objectListings = createSingleFlight<IndexedObjects>();
  const indexes = new Map<string, UsedIndex>();
  let hasLoggedFull = false;

  const indexOf = (resource: ClusterResource, fieldSelector: string): ResourceIndex | undefined => {
    if (limits.maxObjects === 0) return undefined;
    const path = listPath(resource, undefined) ?? '';
    const key = `${path}?${fieldSelector}`;
    const known = indexes.get(key);
    if (known !== undefined) {
      known.usedAt = now();
      return known.index;
    }
    if (indexes.size >= limits.maxIndexes) {
      logFull(resource);
      return undefined;
    }
    const index = indexResource({
      client,
      path,
      fieldSelector,
      resource: label(resource, fieldSelector),
      limits,
      report,
      log,
      now,
    });
    indexes.set(key, { index, usedAt: now() });
    return index;
  };

  const logFull = (resource: ClusterResource): void => {
    if (hasLoggedFull) return;
    hasLoggedFull = true;
    log.warn('too many resources to index: requests for the others list their objects', {
      resource: qualifiedName(resource),
      indexes: limits.maxIndexes,
    });
  };

  const dropUnused = (): void => {
    for (const [key, { index, usedAt }] of indexes) {
      if (now() - usedAt < limits.idleMs) continue;
      index.close();
      indexes.delete(key);
    }
  };

  /** Uses the index, or a list for this request if there is none. Counts the source. */
  const answer = async <T>(
    { resource, fieldSelector = '', signal }: ObjectsRequest,
    fromIndex: (objects: IndexedObjects) => Promise<T>,
    fromListing: () => Promise<T>,
  ): Promise<T> => {
    let source: ObjectsSource = 'none';
    try {
      const objects = await indexOf(resource, fieldSelector)?.current(signal);
      const found = await (objects === undefined ? fromListing() : fromIndex(objects));
      source = objects === undefined ? 'listing' : 'index';
      return found;
    } finally {
      report.objectsRequested(label(resource, fieldSelector), source);
    }
  };

  const listObjects = async (
    path: string,
    { selector, name, fieldSelector = '', signal }: ObjectsRequest,
  ): Promise<IndexedObjects> => {
    const labelSelector = formatLabelSelector(selector);
    const byName = name === undefined ? '' : `metadata.name=${name}`;
    const fields = [fieldSelector, byName].filter((each) => each !== '').join(',');
    const start = async (shared: AbortSignal): Promise<IndexedObjects> => {
      const request = {
        path,
        format: metadataFormat,
        labelSelector,
        fieldSelector: fields,
        signal: shared,
      };
      return (await readList(client, request, receiverOf)).receiver.objects;
    };
    try {
      return await objectListings.join(`${path}?${fields}&${labelSelector}`, start, signal);
    } catch (error) {
      throw signal?.aborted ? new KubernetesError('canceled', `GET ${path}: canceled`) : error;
    }
  };

  const dropTimer = setInterval(dropUnused, Math.min(limits.idleMs / 2, 60_000)).unref();
  return {
    async list(request) {
      if (listPath(request.resource, request.namespace) === undefined) return [];
      return answer(
        request,
        (objects) => objects.names(request),
        () => listings.list(request),
      );
    },

    async objects(request) {
      const path = listPath(request.resource, request.namespace);
      if (path === undefined) return [];
      // Prevents injection into the field selector.
      if (request.name !== undefined && !couldBeObjectName(request.name)) return [];
      return answer(
        request,
        (objects) => objects.objects(request),
        async () => (await listObjects(path, request)).objects(request),
      );
    },

    close() {
      clearInterval(dropTimer);
      for (const { index } of indexes.values()) index.close();
      indexes.clear();
    },
  };
}

/** The name of an index in metrics and the log. */
function label(resource: ClusterResource, fieldSelector: string): string {
  return `${qualifiedName(resource)}${fieldSelector === '' ? '' : `?${fieldSelector}`}`;
}

interface UsedIndex {
  readonly index: ResourceIndex;
  /** In milliseconds of the clock. */
  usedAt: number;
}

function receiverOf(): { objects: IndexedObjects; add: IndexedObjects['put'] } {
  const objects = new IndexedObjects(new LabelPool());
  return { objects, add: objects.put.bind(objects) };
}
