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
  /** Only the object of this name, of each namespace. */
  readonly name?: string | undefined;
  /**
   * A field selector that the API server evaluates, e.g. `status.phase=Running`, for what the metadata
   * do not tell. For a few fixed ones: each has an index of its own.
   */
  readonly fieldSelector?: string | undefined;
}

/** The objects of the cluster by namespace, name and labels, from memory. */
export interface ObjectIndex extends ClusterObjectNames {
  /**
   * The objects that are asked for, sorted as the API server sorts them: by namespace, then by name.
   * None for a namespace that cannot exist and for a root-scoped resource in a namespace.
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
 * Keeps what a request may ask about the objects of a resource in memory: with the first request for a
 * resource its objects are listed (metadata only, page by page) and then watched; when nobody asks
 * any more they are dropped.
 *
 * An answer is whole, and given for at most `limits.maxStaleMs` after contact with the API server was
 * found to be lost, which silence shows after `limits.stallTimeoutMs` at the latest: a restart of the API
 * server costs no autoscaler its metrics (what cannot be reached does not change much), and after that
 * there is no answer rather than a wrong one. Where there is no index, since
 * there are too many objects or watching is not allowed, each request lists what it is about.
 */
export function createObjectIndex(options: ObjectIndexOptions): ObjectIndex {
  const { client, log, report, now = () => performance.now() } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const listings = createObjectNames(client);
  const objectListings = createSingleFlight<IndexedObjects>();
  const indexes = new Map<string, UsedIndex>();
  let wasFull = false;

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
      tellFull(resource);
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

  const tellFull = (resource: ClusterResource): void => {
    if (wasFull) return;
    wasFull = true;
    log.warn('too many resources are asked for to index them all: requests list the others', {
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

  /** Answers from the index, or where there is none from a listing; counts which. */
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
      // What no object is called must not get into a field selector.
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

/** What an index is called in metrics and the log. */
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
