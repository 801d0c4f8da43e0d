import { createBackoff } from '../../async/backoff.ts';
import { sleep } from '../../async/sleep.ts';
import type { KubernetesClient } from '../client/client.ts';
import {
  KubernetesError,
  type KubernetesErrorKind,
  toKubernetesError,
} from '../kubernetes-error.ts';
import { readList } from './list.ts';
import type { ObjectFormat } from './object-format.ts';
import { createStaleness } from './staleness.ts';
import { watchList } from './watch.ts';
import type { WatchEvent } from './watch-event.ts';

/** Holds the objects of a list. */
export interface ObjectStore<Item> {
  readonly size: number;
  put(item: Item): void;
  remove(item: Item): void;
}

/** Keeps the objects of one list in memory, and up to date. */
export interface Informer<Store> {
  state(): InformerState<Store>;
  /** Resolves when a list is complete or has failed, and at the latest after a timeout. */
  nextList(timeoutMs: number, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

export interface InformerState<Store> {
  /** All objects of the last complete list, with the changes since; undefined if there is none. */
  readonly store: Store | undefined;
  /** For how long changes may have been missed, in milliseconds; 0 while a watch is open. */
  readonly staleForMs: number;
  /** Why the last list or watch failed; undefined after a success. */
  readonly failure: KubernetesError | undefined;
  /** There are too many objects, or the API server does not allow or support list and watch. */
  readonly isUnavailable: boolean;
  /** Whether a first list is in progress. */
  readonly isListing: boolean;
}

/** Limits of an informer. */
export interface InformerLimits {
  /** With more objects the informer is unavailable. */
  readonly maxObjects: number;
  /** The size of an event in bytes. etcd itself rejects objects of more than 1.5 MiB. */
  readonly maxEventBytes: number;
  /** The minimum duration of a watch. The maximum is twice as long. */
  readonly watchMs: number;
  /** The maximum time without an event. The API server sends a bookmark every minute. */
  readonly stallTimeoutMs: number;
  /** How long a watch without events must be open to count as successful. */
  readonly settleMs: number;
  /** The first wait after a failure. It doubles up to `maxRetryMs`. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /**
   * The first wait while the informer is unavailable. Short, since an API server that is starting may
   * reject what it supports later. It doubles up to `maxUnavailableRetryMs`.
   */
  readonly unavailableRetryMs: number;
  readonly maxUnavailableRetryMs: number;
}

export const defaultInformerLimits: InformerLimits = {
  maxObjects: 200_000,
  maxEventBytes: 2 * 1024 * 1024,
  watchMs: 5 * 60_000,
  stallTimeoutMs: 75_000,
  settleMs: 5_000,
  retryMs: 250,
  maxRetryMs: 5_000,
  unavailableRetryMs: 10_000,
  maxUnavailableRetryMs: 60 * 60_000,
};

export type ListOutcome = 'success' | 'too_large' | KubernetesErrorKind;

/** `ended`: by the server, after the requested time. */
export type WatchOutcome = 'ended' | 'too_large' | KubernetesErrorKind;

/** Called by an informer. */
export interface InformerObserver<Store> {
  /** A complete list has replaced the store. */
  onStore(store: Store): void;
  /** An event has been applied to the store. */
  onChange?(store: Store): void;
  /** The informer is unavailable, and its store is discarded. Called again for each failed attempt. */
  onDiscard(error: unknown): void;
  /** The informer was unavailable and is available now. */
  onAvailable(): void;
  onListEnd(outcome: ListOutcome, durationSeconds: number): void;
  onWatchEnd(outcome: WatchOutcome): void;
  onEvent(type: WatchEvent<unknown>['type']): void;
}

export interface InformerOptions<Item, Store extends ObjectStore<Item>> {
  readonly client: KubernetesClient;
  /** The path of the list, e.g. `/api/v1/pods`. */
  readonly path: string;
  /** Empty for all objects. */
  readonly fieldSelector: string;
  readonly format: ObjectFormat<Item>;
  /** Creates an empty store, for each list. */
  readonly createStore: () => Store;
  readonly limits: InformerLimits;
  readonly observer: InformerObserver<Store>;
  /** The name of the resource in the log. */
  readonly resource: string;
  readonly log: InformerLog;
  /** A clock in milliseconds. */
  readonly now: () => number;
}

export interface InformerLog {
  info(message: string, fields?: Record<string, unknown>): unknown;
  warn(message: string, fields?: Record<string, unknown>): unknown;
}

/** These are not transient: the informer is unavailable. */
const UNAVAILABLE: ReadonlySet<KubernetesErrorKind> = new Set([
  'forbidden',
  'not_found',
  'rejected',
  'bad_answer',
]);
/** After these, changes may have been missed: a new list is needed. */
const NEEDS_LIST: ReadonlySet<KubernetesErrorKind> = new Set(['gone', 'bad_answer']);

/** The next step after a watch: another watch or a list, at once or after a wait. */
interface WatchEnd {
  readonly next: 'watch' | 'list';
  /** Prevents a loop without pauses. */
  readonly isFailure: boolean;
}

export class TooManyObjectsError extends Error {
  override readonly name = 'TooManyObjectsError';
}

/**
 * Lists a resource and watches it until closed, as the Kubernetes API concepts describe
 * (kubernetes.io/docs/reference/using-api/api-concepts). A watch that ends or breaks is resumed. If that
 * is not possible, the resource is listed again: the old objects are served until the new list is complete,
 * and are then replaced at once.
 */
export function startInformer<Item, Store extends ObjectStore<Item>>(
  options: InformerOptions<Item, Store>,
): Informer<Store> {
  const { client, path, fieldSelector, format, resource, limits, observer, log, now } = options;
  const stop = new AbortController();
  const backoff = createBackoff(limits.retryMs, limits.maxRetryMs);
  const unavailableBackoff = createBackoff(limits.unavailableRetryMs, limits.maxUnavailableRetryMs);
  const waiters = new Set<() => void>();
  let store: Store | undefined;
  let staleness = createStaleness(now);
  let failure: KubernetesError | undefined;
  let isUnavailable = false;
  let isBackingOff = false;

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await watchFrom(await list());
      } catch (error) {
        if (stop.signal.aborted) return;
        const waitMs = handleFailure(error);
        isBackingOff = true;
        wakeWaiters();
        await sleep(waitMs, stop.signal);
        isBackingOff = false;
      }
    }
  }

  /** Replaces the store. Returns the version from which to watch. */
  async function list(): Promise<string> {
    const startedAt = now();
    // The watch starts with the version of the list, so changes during the list are not missed.
    const listStaleness = createStaleness(now);
    try {
      const request = { path, format, fieldSelector, signal: stop.signal };
      const { receiver, resourceVersion } = await readList(client, request, createReceiver);
      stop.signal.throwIfAborted();
      if (resourceVersion === '') throw withoutVersion(path);
      observer.onListEnd('success', (now() - startedAt) / 1000);
      staleness = listStaleness;
      replaceStore(receiver.store);
      return resourceVersion;
    } catch (error) {
      if (!stop.signal.aborted) observer.onListEnd(outcomeOf(error), (now() - startedAt) / 1000);
      throw error;
    }
  }

  function createReceiver() {
    const received = options.createStore();
    return { store: received, add: (item: Item) => received.put(item), expect: checkCount };
  }

  function checkCount(count: number): void {
    if (count <= limits.maxObjects) return;
    throw new TooManyObjectsError(`more than ${limits.maxObjects} objects`);
  }

  function replaceStore(next: Store): void {
    store = next;
    logRecovery();
    observer.onStore(next);
    wakeWaiters();
  }

  /** Watches until a new list is needed. */
  async function watchFrom(resourceVersion: string): Promise<void> {
    const position = { resourceVersion };
    while (!stop.signal.aborted) {
      const { next, isFailure } = await watchOnce(position);
      staleness.stale();
      if (isFailure) await sleep(backoff.next(), stop.signal);
      if (next === 'list') return;
    }
  }

  async function watchOnce(position: { resourceVersion: string }): Promise<WatchEnd> {
    let hasSettled = false;
    let settling: NodeJS.Timeout | undefined;
    const onOpen = (): void => {
      settling = setTimeout(() => {
        hasSettled = true;
        backoff.reset();
        unavailableBackoff.reset();
        handleSignOfLife();
      }, limits.settleMs).unref();
    };
    try {
      const request = { path, format, fieldSelector, ...position, ...limits, signal: stop.signal };
      await watchList(client, request, onOpen, (event) => {
        handleSignOfLife();
        apply(event);
        position.resourceVersion = event.resourceVersion || position.resourceVersion;
      });
      observer.onWatchEnd('ended');
      return { next: 'watch', isFailure: !hasSettled };
    } catch (error) {
      if (stop.signal.aborted) return { next: 'watch', isFailure: true };
      observer.onWatchEnd(outcomeOf(error));
      return afterFailedWatch(error, hasSettled);
    } finally {
      clearTimeout(settling);
    }
  }

  /** Rethrows an error that makes the informer unavailable. */
  function afterFailedWatch(error: unknown, hasSettled: boolean): WatchEnd {
    if (!(error instanceof KubernetesError)) throw error;
    if (NEEDS_LIST.has(error.kind)) {
      logRelist(error);
      return { next: 'list', isFailure: !hasSettled };
    }
    if (UNAVAILABLE.has(error.kind)) throw error;
    if (!hasSettled) recordFailure(error);
    return { next: 'watch', isFailure: !hasSettled };
  }

  function logRelist(error: KubernetesError): void {
    const fields = { resource, error: error.message };
    // Versions expire in normal operation.
    if (error.kind === 'gone') log.info('relisting a resource', fields);
    else log.warn('relisting a resource', fields);
  }

  function apply(event: WatchEvent<Item>): void {
    observer.onEvent(event.type);
    if (event.type === 'BOOKMARK' || store === undefined) return;
    if (event.type === 'DELETED') store.remove(event.item);
    else store.put(event.item);
    checkCount(store.size);
    observer.onChange?.(store);
  }

  function handleSignOfLife(): void {
    logRecovery();
    if (isUnavailable) observer.onAvailable();
    isUnavailable = false;
    staleness.fresh();
  }

  function logRecovery(): void {
    if (failure !== undefined) log.info('list and watch of a resource succeed again', { resource });
    failure = undefined;
  }

  function recordFailure(error: KubernetesError): void {
    if (failure === undefined) {
      const fields = { resource, error: error.message };
      log.warn('list or watch of a resource failed, retrying', fields);
    }
    failure = error;
  }

  /** Returns the milliseconds until the next attempt. */
  function handleFailure(error: unknown): number {
    staleness.stale();
    if (isLasting(error)) {
      isUnavailable = true;
      store = undefined;
      observer.onDiscard(error);
      return unavailableBackoff.next();
    }
    recordFailure(toKubernetesError('list and watch', error));
    return backoff.next();
  }

  function wakeWaiters(): void {
    for (const wake of waiters) wake();
  }

  void run();
  return {
    state: () => ({
      store,
      staleForMs: staleness.staleForMs(),
      failure,
      isUnavailable,
      isListing: store === undefined && !isUnavailable && !isBackingOff,
    }),
    nextList: (timeoutMs, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          waiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs);
        signal?.addEventListener('abort', wake, { once: true });
        waiters.add(wake);
      }),
    close() {
      stop.abort();
      store = undefined;
      wakeWaiters();
    },
  };
}

function isLasting(error: unknown): boolean {
  if (error instanceof TooManyObjectsError) return true;
  return error instanceof KubernetesError && UNAVAILABLE.has(error.kind);
}

function withoutVersion(path: string): KubernetesError {
  return new KubernetesError('bad_answer', `GET ${path}: a list without a resourceVersion`);
}

function outcomeOf(error: unknown): 'too_large' | KubernetesErrorKind {
  if (error instanceof TooManyObjectsError) return 'too_large';
  return toKubernetesError('list and watch', error).kind;
}
