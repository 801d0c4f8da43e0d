import type { ClusterResource, ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { createBackoff } from '../../async/backoff.ts';
import type { KubernetesClient } from '../client/client.ts';
import { type KubernetesError, toKubernetesError } from '../kubernetes-error.ts';
import { builtinResources } from './builtin-resources.ts';
import type { DiscoveredVersion, GroupVersion } from './discovery-documents.ts';
import { readDiscovery } from './read-discovery.ts';
import { createResourceMapper } from './resource-mapper.ts';

/** What is known about the resources of the cluster. */
export interface KnownResources {
  /** The same object as long as the resources are the same. */
  readonly mapper: ResourceMapper;
  /**
   * Groups that the API server could not tell about, sorted: their extension API server is down. What
   * was known about them before still counts.
   */
  readonly failedGroups: readonly string[];
  /** When the API server last answered, in milliseconds of the epoch; 0 before the first time. */
  readonly at: number;
  /** Why the latest attempt failed; undefined when it did not. */
  readonly failure: KubernetesError | undefined;
}

export interface ClusterResources {
  /** Before the first answer: the built-in resources of Kubernetes. */
  current(): KnownResources;
  /**
   * Asks the API server now; joins an attempt that is under way. Never rejects: see `failure` of
   * {@link current}.
   */
  refresh(): Promise<void>;
  /** Stops asking. */
  close(): void;
}

export interface WatchClusterResourcesOptions {
  readonly client: KubernetesClient;
  /** From the end of one attempt to the next, in milliseconds. */
  readonly intervalMs: number;
  /**
   * The first wait after a failed attempt, in milliseconds; doubles up to the interval, or to half a
   * minute where that is less: as long as nothing is known the adapter is not ready.
   */
  readonly retryMs?: number;
  /** Called when the resources, or the groups that failed, are others than before. */
  readonly onChange?: (known: KnownResources) => void;
  readonly log: {
    info(message: string, details?: Record<string, unknown>): unknown;
    warn(message: string, details?: Record<string, unknown>): unknown;
  };
}

const MOST_RETRY_MS = 30_000;

/**
 * Follows which resources the cluster has: asks at once and then at an interval. An API server that
 * cannot be reached changes nothing about what is known.
 */
export function watchClusterResources(options: WatchClusterResourcesOptions): ClusterResources {
  const { client, intervalMs, retryMs = 1_000, onChange, log } = options;
  const stop = new AbortController();
  let known: KnownResources = {
    mapper: createResourceMapper(builtinResources()),
    failedGroups: [],
    at: 0,
    failure: undefined,
  };
  let versions: readonly DiscoveredVersion[] = [];
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const backoff = createBackoff(retryMs, Math.min(intervalMs, MOST_RETRY_MS));

  const attempt = async (): Promise<void> => {
    clearTimeout(timer);
    try {
      const discovered = await readDiscovery(client, stop.signal);
      succeeded(keepKnown(discovered, versions));
    } catch (error) {
      if (stop.signal.aborted) return;
      failed(error);
    }
    if (!stop.signal.aborted) timer = setTimeout(() => void refresh(), nextWait()).unref();
  };

  const succeeded = (merged: readonly DiscoveredVersion[]): void => {
    if (known.failure !== undefined) log.info('the Kubernetes API answers again');
    const before = known;
    versions = merged;
    const mapper = createResourceMapper(merged.flatMap(({ resources }) => resources ?? []));
    known = {
      mapper: before.at !== 0 && sameResources(before.mapper, mapper) ? before.mapper : mapper,
      failedGroups: failedGroups(merged),
      at: Date.now(),
      failure: undefined,
    };
    reportFailedGroups(before.failedGroups, known.failedGroups, log);
    if (before.mapper !== known.mapper || !sameTexts(before.failedGroups, known.failedGroups)) {
      onChange?.(known);
    }
  };

  const failed = (error: unknown): void => {
    const failure = toKubernetesError('reading discovery', error);
    if (known.failure === undefined) {
      log.warn('the resources of the cluster cannot be read; what is known stays', {
        error: failure.message,
      });
    }
    known = { ...known, failure };
  };

  const nextWait = (): number => {
    if (known.failure !== undefined) return backoff.next();
    backoff.reset();
    return intervalMs;
  };

  const refresh = (): Promise<void> => {
    if (stop.signal.aborted) return Promise.resolve();
    running ??= attempt().finally(() => {
      running = undefined;
    });
    return running;
  };

  void refresh();
  return {
    current: () => known,
    refresh,
    close() {
      stop.abort();
      clearTimeout(timer);
    },
  };
}

/** What the server does not know now, it may have known before. */
function keepKnown(
  discovered: readonly DiscoveredVersion[],
  before: readonly DiscoveredVersion[],
): readonly DiscoveredVersion[] {
  const earlier = new Map(before.map((version) => [keyOf(version), version.resources]));
  return discovered.map((version) => ({
    ...version,
    resources: version.resources ?? earlier.get(keyOf(version)),
  }));
}

function keyOf({ group, version }: GroupVersion): string {
  return `${group}/${version}`;
}

function failedGroups(versions: readonly DiscoveredVersion[]): readonly string[] {
  const failed = versions.filter(({ stale }) => stale).map(({ group }) => group);
  return [...new Set(failed)].toSorted();
}

function reportFailedGroups(
  before: readonly string[],
  now: readonly string[],
  log: WatchClusterResourcesOptions['log'],
): void {
  const failed = now.filter((group) => !before.includes(group));
  const recovered = before.filter((group) => !now.includes(group));
  if (failed.length > 0) {
    log.warn('API groups whose server does not answer', { groups: failed });
  }
  if (recovered.length > 0) log.info('API groups are back', { groups: recovered });
}

function sameResources(one: ResourceMapper, other: ResourceMapper): boolean {
  return sameTexts(one.resources.map(textOf), other.resources.map(textOf));
}

function textOf(resource: ClusterResource): string {
  const { group, version, resource: name, singular, kind, namespaced } = resource;
  return JSON.stringify([group, version, name, singular, kind, namespaced]);
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}
