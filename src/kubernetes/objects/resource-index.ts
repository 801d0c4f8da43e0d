import { createBackoff } from '../../async/backoff.ts';
import { sleep } from '../../async/sleep.ts';
import type { KubernetesClient } from '../client/client.ts';
import { createContact } from '../informer/contact.ts';
import { readObjectList } from '../informer/list.ts';
import { watchObjects } from '../informer/watch.ts';
import type { WatchEvent } from '../informer/watch-event.ts';
import {
  KubernetesError,
  type KubernetesErrorKind,
  messageOf,
  toKubernetesError,
} from '../kubernetes-error.ts';
import type { ObjectIndexLog, ObjectIndexReport } from './index-report.ts';
import { IndexedObjects } from './indexed-objects.ts';
import { LabelPool } from './label-pool.ts';
import type { ObjectIndexLimits } from './limits.ts';

/** The index of one resource. */
export interface ResourceIndex {
  /**
   * The objects as of now, whole; waits while they are read for the first time.
   *
   * @returns undefined where there is no index to answer from: there are too many objects, listing
   *   or watching all of them is not allowed, or the first list takes too long.
   * @throws {KubernetesError} as long as the API server cannot be reached: at once where nothing is
   *   known yet, else when contact has been lost for longer than `staleMs`.
   */
  current(signal: AbortSignal | undefined): Promise<IndexedObjects | undefined>;
  close(): void;
}

export interface ResourceIndexOptions {
  readonly client: KubernetesClient;
  /** Where all objects of the resource are listed, e.g. `/api/v1/pods`. */
  readonly path: string;
  /** Empty for all of them. */
  readonly fieldSelector: string;
  /** The name of the resource in metrics and the log. */
  readonly resource: string;
  readonly limits: ObjectIndexLimits;
  readonly report: ObjectIndexReport;
  readonly log: ObjectIndexLog;
  /** A clock in milliseconds. */
  readonly now: () => number;
}

/** These say that no index can be had, not that the API server is away. */
const UNFIT: ReadonlySet<KubernetesErrorKind> = new Set([
  'forbidden',
  'not_found',
  'rejected',
  'bad_answer',
]);
/** After these it is not known what happened since: the list is read again. */
const NEEDS_LIST: ReadonlySet<KubernetesErrorKind> = new Set(['gone', 'bad_answer']);

/** What is to be done after a watch: `failed` is to wait first, or it might go on in circles. */
type WatchEnd = 'ended' | 'failed' | 'relist' | 'failed, relist';

class TooManyObjectsError extends Error {
  override readonly name = 'TooManyObjectsError';
}

/**
 * Lists a resource and follows its changes until closed: list and watch as the Kubernetes API
 * concepts describe them (kubernetes.io/docs/reference/using-api/api-concepts). A watch that ends or
 * breaks is resumed where it was; where that is not possible the list is read again while the objects
 * known before go on being served, and then takes their place whole.
 */
export function indexResource(options: ResourceIndexOptions): ResourceIndex {
  const { client, path, fieldSelector, resource, limits, report, log, now } = options;
  const stop = new AbortController();
  const pool = new LabelPool();
  const backoff = createBackoff(limits.retryMs, limits.maxRetryMs);
  const unfitBackoff = createBackoff(limits.unfitMs, limits.maxUnfitMs);
  const waiting = new Set<() => void>();
  let objects: IndexedObjects | undefined;
  let contact = createContact(now);
  let failure: KubernetesError | undefined;
  let isUnfit = false;
  /** Waiting before it is tried again. */
  let isResting = false;

  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await watchFrom(await list());
      } catch (error) {
        if (stop.signal.aborted) return;
        const waitMs = failed(error);
        isResting = true;
        release();
        await sleep(waitMs, stop.signal);
        isResting = false;
      }
    }
  };

  /** @returns the version to watch from. */
  const list = async (): Promise<string> => {
    const startedAt = now();
    // What happens while the list is read is told by the watch, and not known before.
    const fresh = createContact(now);
    try {
      const request = { path, fieldSelector, signal: stop.signal };
      const { receiver, resourceVersion } = await readObjectList(client, request, receiverOf);
      stop.signal.throwIfAborted();
      if (resourceVersion === '') throw unwatchable(path);
      report.objectListRead(resource, 'success', (now() - startedAt) / 1000);
      contact = fresh;
      serve(receiver.objects);
      return resourceVersion;
    } catch (error) {
      if (!stop.signal.aborted) {
        report.objectListRead(resource, outcomeOf(error), (now() - startedAt) / 1000);
      }
      throw error;
    }
  };

  const receiverOf = () => {
    const read = new IndexedObjects(pool);
    return { objects: read, add: read.put.bind(read), expect: refuseAbove };
  };

  const refuseAbove = (count: number): void => {
    if (count <= limits.maxObjects) return;
    throw new TooManyObjectsError(`more than ${limits.maxObjects} objects`);
  };

  const serve = (read: IndexedObjects): void => {
    objects = read;
    void objects.tidy();
    tellFollowed();
    report.objectsIndexed(resource, read.size);
    release();
  };

  /** Watches, again and again, until a new list is needed. */
  const watchFrom = async (resourceVersion: string): Promise<void> => {
    const state = { resourceVersion };
    while (!stop.signal.aborted) {
      const end = await watchOnce(state);
      contact.lost();
      if (end === 'failed' || end === 'failed, relist') await sleep(backoff.next(), stop.signal);
      if (end === 'relist' || end === 'failed, relist') return;
    }
  };

  const watchOnce = async (state: { resourceVersion: string }): Promise<WatchEnd> => {
    let hasLasted = false;
    let lasting: NodeJS.Timeout | undefined;
    const onOpen = (): void => {
      lasting = setTimeout(() => {
        hasLasted = true;
        backoff.reset();
        unfitBackoff.reset();
        hear();
      }, limits.settleMs).unref();
    };
    try {
      const request = { path, fieldSelector, ...state, limits, signal: stop.signal };
      await watchObjects(client, request, onOpen, (event) => {
        hear();
        state.resourceVersion = apply(event) || state.resourceVersion;
      });
      report.objectWatchEnded(resource, 'ended');
      // One that ends at once, again and again, must not make us run in circles.
      return hasLasted ? 'ended' : 'failed';
    } catch (error) {
      if (stop.signal.aborted) return 'failed';
      report.objectWatchEnded(resource, outcomeOf(error));
      return afterFailedWatch(error, hasLasted);
    } finally {
      clearTimeout(lasting);
    }
  };

  const afterFailedWatch = (error: unknown, hadLasted: boolean): WatchEnd => {
    if (!(error instanceof KubernetesError)) throw error;
    if (NEEDS_LIST.has(error.kind)) {
      tellRelist(error);
      return hadLasted ? 'relist' : 'failed, relist';
    }
    if (UNFIT.has(error.kind)) throw error;
    if (!hadLasted) tellLost(error);
    return hadLasted ? 'ended' : 'failed';
  };

  const tellRelist = (error: KubernetesError): void => {
    const message = 'the objects of a resource are listed again';
    // That a version is forgotten is nothing unusual.
    if (error.kind === 'gone') log.info(message, { resource, error: error.message });
    else log.warn(message, { resource, error: error.message });
  };

  /** @returns the version that the event tells. */
  const apply = (event: WatchEvent): string => {
    report.objectEventReceived(resource, event.type);
    if (event.type === 'BOOKMARK' || objects === undefined) {
      return event.type === 'BOOKMARK' ? event.resourceVersion : event.object.resourceVersion;
    }
    const before = objects.size;
    if (event.type === 'DELETED') objects.remove(event.object);
    else objects.put(event.object);
    refuseAbove(objects.size);
    if (objects.size !== before) report.objectsIndexed(resource, objects.size);
    return event.object.resourceVersion;
  };

  const hear = (): void => {
    tellFollowed();
    if (isUnfit) log.info('the objects of a resource are indexed now', { resource });
    isUnfit = false;
    contact.heard();
  };

  const tellFollowed = (): void => {
    if (failure !== undefined) {
      log.info('the objects of a resource are followed again', { resource });
    }
    failure = undefined;
  };

  const tellLost = (error: KubernetesError): void => {
    if (failure === undefined) {
      log.warn('the objects of a resource cannot be followed at the moment', {
        resource,
        error: error.message,
      });
    }
    failure = error;
  };

  /** @returns how long to wait before all is tried again. */
  const failed = (error: unknown): number => {
    contact.lost();
    return isLasting(error) ? giveUpFor(error) : retryAfter(error);
  };

  const giveUpFor = (error: unknown): number => {
    if (!isUnfit) {
      log.warn('the objects of a resource are not indexed: each request lists those it is about', {
        resource,
        error: messageOf(error),
      });
    }
    isUnfit = true;
    objects = undefined;
    pool.clear();
    report.objectsIndexed(resource, undefined);
    return unfitBackoff.next();
  };

  const retryAfter = (error: unknown): number => {
    tellLost(followingError(error));
    return backoff.next();
  };

  /** Lets those who wait look again. */
  const release = (): void => {
    for (const wake of waiting) wake();
  };

  const change = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limits.patienceMs);
      signal?.addEventListener('abort', wake, { once: true });
      waiting.add(wake);
    });

  const known = (): IndexedObjects | undefined => {
    if (objects === undefined) {
      if (failure !== undefined && !isUnfit) throw failure;
      return undefined;
    }
    const lostForMs = contact.lostForMs();
    if (lostForMs <= limits.staleMs) return objects;
    throw outOfContact(resource, lostForMs, failure);
  };

  void follow();
  return {
    async current(signal) {
      const isFirstListUnderWay = objects === undefined && !isUnfit && !isResting;
      if (isFirstListUnderWay) await change(signal);
      if (signal?.aborted) throw new KubernetesError('canceled', `${resource}: canceled`);
      return known();
    },
    close() {
      stop.abort();
      objects = undefined;
      report.objectsIndexed(resource, undefined);
      release();
    },
  };
}

function isLasting(error: unknown): boolean {
  if (error instanceof TooManyObjectsError) return true;
  return error instanceof KubernetesError && UNFIT.has(error.kind);
}

function unwatchable(path: string): KubernetesError {
  return new KubernetesError('bad_answer', `GET ${path}: a list without a resourceVersion`);
}

function outcomeOf(error: unknown): 'too_large' | KubernetesErrorKind {
  if (error instanceof TooManyObjectsError) return 'too_large';
  return followingError(error).kind;
}

function followingError(error: unknown): KubernetesError {
  return toKubernetesError('following the objects', error);
}

function outOfContact(
  resource: string,
  lostForMs: number,
  failure: KubernetesError | undefined,
): KubernetesError {
  const seconds = Math.round(lostForMs / 1000);
  const reason = failure === undefined ? '' : `: ${failure.message}`;
  return new KubernetesError(
    failure?.kind ?? 'unreachable',
    `${resource}: what is known of the objects is ${seconds} s old${reason}`,
    { cause: failure },
  );
}
