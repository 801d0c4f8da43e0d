import type { ClusterResource, ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { createBackoff } from '../../async/backoff.ts';
import { singleFlight } from '../../async/single-flight.ts';
import type { KubernetesClient } from '../client/client.ts';
import { type KubernetesError, toKubernetesError } from '../kubernetes-error.ts';
import { builtinResources } from './builtin-resources.ts';
import type { DiscoveredVersion, GroupVersion } from './discovery-documents.ts';
import { readDiscovery } from './read-discovery.ts';
import { createResourceMapper } from './resource-mapper.ts';

/** The resources of the cluster. */
export interface KnownResources {
  /** The same object until the resources change. */
  readonly mapper: ResourceMapper;
  /**
   * The groups whose extension API server is unavailable, sorted. Their last known resources are kept.
   */
  readonly failedGroups: readonly string[];
  /** The time of the last success, in milliseconds since the epoch; 0 before the first. */
  readonly at: number;
  /** Why the last attempt failed; undefined after a success. */
  readonly failure: KubernetesError | undefined;
}

export interface ClusterResources {
  /** Before the first success: the built-in resources of Kubernetes. */
  current(): KnownResources;
  /**
   * Reads discovery now, or joins an attempt in progress. Never rejects: see `failure` of
   * {@link current}.
   */
  refresh(): Promise<void>;
  close(): void;
}

export interface WatchClusterResourcesOptions {
  readonly client: KubernetesClient;
  /** Milliseconds from the end of an attempt to the next one. */
  readonly intervalMs: number;
  /**
   * The first wait after a failed attempt, in milliseconds. It doubles up to the interval, at most to 30 s,
   * since the adapter is not ready before the first success.
   */
  readonly retryMs?: number;
  /** Called when the resources or the failed groups have changed. */
  readonly onChange?: (known: KnownResources) => void;
  readonly log: {
    info(message: string, details?: Record<string, unknown>): unknown;
    warn(message: string, details?: Record<string, unknown>): unknown;
  };
}

const MAX_RETRY_MS = 30_000;

/**
 * Reads the resources of the cluster now and at an interval. If the API server is unreachable, the last
 * known resources are kept.
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
  let timer: NodeJS.Timeout | undefined;
  const backoff = createBackoff(retryMs, Math.min(intervalMs, MAX_RETRY_MS));

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
    if (known.failure !== undefined) log.info('discovery of cluster resources succeeds again');
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
      log.warn('discovery of cluster resources failed, keeping the known resources', {
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

  const joinAttempt = singleFlight(attempt);
  const refresh = (): Promise<void> => {
    if (stop.signal.aborted) return Promise.resolve();
    return joinAttempt();
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

/** Keeps the last known resources of unavailable groups. */
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
    log.warn('API groups unavailable', { groups: failed });
  }
  if (recovered.length > 0) log.info('API groups available again', { groups: recovered });
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
