import { createBoundedLabel } from '../telemetry/bounded-label.ts';
import { ANY_VALUE, type MetricsRegistry } from '../telemetry/registry.ts';
import type { ListOutcome, WatchOutcome } from './informer/informer.ts';
import type { WatchEvent } from './informer/watch-event.ts';

/** The source of the objects for a request: the index, a list for this request, or none on failure. */
export type ObjectsSource = 'index' | 'listing' | 'none';

/**
 * Metrics of the object index. `resource` is e.g. `pods`, `deployments.apps`, or with a field selector
 * `pods?status.phase=Running`.
 */
export interface ObjectIndexMetrics {
  /** The number of objects in the index of a resource; undefined if there is no index. */
  objectsIndexed(resource: string, count: number | undefined): void;
  /** A list of all objects for an index was read, or failed. */
  objectListRead(resource: string, outcome: ListOutcome, durationSeconds: number): void;
  objectWatchEnded(resource: string, outcome: WatchOutcome): void;
  objectEventReceived(resource: string, type: WatchEvent<unknown>['type']): void;
  objectsRequested(resource: string, source: ObjectsSource): void;
}

const MAX_RESOURCES = 100;
const SOURCES = ['index', 'listing', 'none'] as const satisfies readonly ObjectsSource[];

export function createKubernetesMetrics(registry: MetricsRegistry): ObjectIndexMetrics {
  const indexed = registry.gauge({
    name: 'object_index_objects',
    help: 'Objects of the cluster in the object index, by resource.',
    labels: { resource: ANY_VALUE },
  });
  const lists = registry.counter({
    name: 'object_index_lists_total',
    help: 'Lists of all objects of a resource for the object index, by outcome.',
    labels: { resource: ANY_VALUE, outcome: ANY_VALUE },
  });
  const duration = registry.histogram({
    name: 'object_index_list_duration_seconds',
    help: 'Duration of these lists, including failed ones.',
    labels: { resource: ANY_VALUE },
  });
  const watches = registry.counter({
    name: 'object_index_watches_ended_total',
    help: 'Ended watches of the object index, by outcome. A new watch or list follows each.',
    labels: { resource: ANY_VALUE, outcome: ANY_VALUE },
  });
  const events = registry.counter({
    name: 'object_index_events_total',
    help: 'Watch events that the object index received.',
    labels: { resource: ANY_VALUE, type: ANY_VALUE },
  });
  const requests = registry.counter({
    name: 'object_lookups_total',
    help: 'Lookups of objects, by the source of the result; none if the lookup failed.',
    labels: { resource: ANY_VALUE, source: SOURCES },
  });
  const bounded = createBoundedLabel(MAX_RESOURCES);
  // Resources of the cluster, not names that clients choose.
  const label = (resource: string): string => bounded(resource, true);
  return {
    objectsIndexed: (resource, count) => {
      if (count === undefined) indexed.remove({ resource: label(resource) });
      else indexed.set({ resource: label(resource) }, count);
    },
    objectListRead: (resource, outcome, seconds) => {
      lists.inc({ resource: label(resource), outcome });
      duration.observe({ resource: label(resource) }, seconds);
    },
    objectWatchEnded: (resource, outcome) => watches.inc({ resource: label(resource), outcome }),
    objectEventReceived: (resource, type) => events.inc({ resource: label(resource), type }),
    objectsRequested: (resource, source) => requests.inc({ resource: label(resource), source }),
  };
}
