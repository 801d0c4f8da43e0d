import type { KubernetesClient } from '../client/client.ts';
import { type InformerLog, type InformerState, startInformer } from '../informer/informer.ts';
import { KubernetesError, messageOf } from '../kubernetes-error.ts';
import type { ObjectIndexMetrics } from '../monitoring.ts';
import { IndexedObjects } from './indexed-objects.ts';
import { LabelPool } from './label-pool.ts';
import type { ObjectIndexLimits } from './limits.ts';
import { metadataFormat } from './object-metadata.ts';

/** The index of one resource. */
export interface ResourceIndex {
  /**
   * All current objects. Waits for the first list.
   *
   * @returns undefined if there is no index: there are too many objects, list or watch of all of them is
   *   not allowed, or the first list takes too long
   * @throws {KubernetesError} if the API server cannot be reached: immediately if there was no complete
   *   list yet, otherwise when it has been unreachable for longer than `maxStaleMs`
   */
  current(signal: AbortSignal | undefined): Promise<IndexedObjects | undefined>;
  close(): void;
}

export interface ResourceIndexOptions {
  readonly client: KubernetesClient;
  /** The path of the list of all objects, e.g. `/api/v1/pods`. */
  readonly path: string;
  /** Empty for all objects. */
  readonly fieldSelector: string;
  /** The name of the resource in metrics and the log. */
  readonly resource: string;
  readonly limits: ObjectIndexLimits;
  readonly report: ObjectIndexMetrics;
  readonly log: InformerLog;
  /** A clock in milliseconds. */
  readonly now: () => number;
}

export function indexResource(options: ResourceIndexOptions): ResourceIndex {
  const { resource, limits, report, log } = options;
  const pool = new LabelPool();
  let reportedSize: number | undefined;
  let hasLoggedUnavailable = false;

  const reportSize = (size: number | undefined): void => {
    report.objectsIndexed(resource, size);
    reportedSize = size;
  };
  const informer = startInformer({
    ...options,
    format: metadataFormat,
    createStore: () => new IndexedObjects(pool),
    observer: {
      onStore(objects) {
        void objects.tidy();
        reportSize(objects.size);
      },
      onChange({ size }) {
        if (size !== reportedSize) reportSize(size);
      },
      onDiscard(error) {
        if (!hasLoggedUnavailable) {
          log.warn('cannot index a resource: each request lists its objects', {
            resource,
            error: messageOf(error),
          });
        }
        hasLoggedUnavailable = true;
        pool.clear();
        reportSize(undefined);
      },
      onAvailable() {
        hasLoggedUnavailable = false;
        log.info('resource is indexed now', { resource });
      },
      onListEnd: (outcome, seconds) => report.objectListRead(resource, outcome, seconds),
      onWatchEnd: (outcome) => report.objectWatchEnded(resource, outcome),
      onEvent: (type) => report.objectEventReceived(resource, type),
    },
  });

  return {
    async current(signal) {
      if (informer.state().isListing) await informer.nextList(limits.firstListTimeoutMs, signal);
      if (signal?.aborted) throw new KubernetesError('canceled', `${resource}: canceled`);
      return usableObjects(resource, informer.state(), limits.maxStaleMs);
    },
    close() {
      informer.close();
      reportSize(undefined);
    },
  };
}

function usableObjects(
  resource: string,
  { store, staleForMs, failure, isUnavailable }: InformerState<IndexedObjects>,
  maxStaleMs: number,
): IndexedObjects | undefined {
  if (store === undefined) {
    if (failure !== undefined && !isUnavailable) throw failure;
    return undefined;
  }
  if (staleForMs <= maxStaleMs) return store;
  const reason = failure === undefined ? '' : `: ${failure.message}`;
  throw new KubernetesError(
    failure?.kind ?? 'unreachable',
    `${resource}: the object index is ${Math.round(staleForMs / 1000)} s old${reason}`,
    { cause: failure },
  );
}
