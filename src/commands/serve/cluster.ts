import type { ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import type { HealthCheck } from '../../apiserver/health.ts';
import { sleep } from '../../async/sleep.ts';
import type { ServeOptions } from '../../cli/serve/serve-options.ts';
import { connectKubernetes } from '../../kubernetes/client/connection.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { watchClusterResources } from '../../kubernetes/discovery/cluster-resources.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import type { ObjectIndexMetrics } from '../../kubernetes/monitoring.ts';
import { createObjectMetadata } from '../../kubernetes/objects/metadata-lister.ts';
import { createObjectIndex } from '../../kubernetes/objects/object-index.ts';
import { MetricsError } from '../../metrics/metrics-error.ts';
import type { ObjectMetadata, ObjectNames } from '../../metrics/objects.ts';
import {
  createStandaloneObjectNames,
  standaloneObjectMetadata,
} from '../../metrics/standalone-objects.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { version } from '../../version.ts';
import type { ConnectedServers } from './prometheus.ts';

/** The resources and objects of a cluster; see {@link noCluster} for operation without one. */
export interface Cluster {
  mapper(): ResourceMapper;
  /** Whether the mapper may lack resources that exist: discovery is incomplete, or there is no cluster. */
  mayLackResources(): boolean;
  readonly objects: ObjectNames;
  /** For resource metrics. */
  readonly metadata: ObjectMetadata;
  readonly readiness: readonly HealthCheck[];
  /** Reads the resources of the cluster now. Never rejects. */
  refresh(): Promise<void>;
  /** Adds a listener that is called when the resources have changed. */
  onChange(listener: () => void): void;
  close(): void;
}

/** Without a cluster: built-in resources, and object names from label values. */
export function noCluster(options: ServeOptions, servers: ConnectedServers): Cluster {
  const mapper = builtinResourceMapper();
  return {
    mapper: () => mapper,
    mayLackResources: () => true,
    objects: createStandaloneObjectNames({
      servers,
      maxAgeMs: options.relist.maxAgeMs,
    }),
    metadata: standaloneObjectMetadata,
    readiness: [],
    refresh: async () => undefined,
    onChange: () => undefined,
    close: () => undefined,
  };
}

/**
 * How long a start waits for an unresponsive API server, in milliseconds. Shorter than a liveness probe
 * allows: with a restart back-off, the adapter would recover late.
 */
const MAX_DISCOVERY_WAIT_MS = 10_000;

/**
 * The cluster of the kubeconfig or of the pod. Waits for a first attempt to discover its resources, but
 * not if that takes long.
 */
export async function connectCluster(
  options: ServeOptions,
  log: Logger,
  metrics: ObjectIndexMetrics,
): Promise<Cluster> {
  const { kubeconfigFile, discoveryIntervalMs, maxIndexedObjects, qps, burst } = options.kubernetes;
  const client = await connectKubernetes({
    kubeconfigFile,
    qps,
    burst,
    userAgent: `prom-metrics-adapter/${version}`,
  });
  const listeners: (() => void)[] = [];
  const resources = watchClusterResources({
    client,
    intervalMs: discoveryIntervalMs,
    onChange: () => {
      for (const listener of listeners) listener();
    },
    log,
  });
  const limits = { maxObjects: maxIndexedObjects };
  const objects = createObjectIndex({ client, log, report: metrics, limits });
  await Promise.race([resources.refresh(), sleep(MAX_DISCOVERY_WAIT_MS)]);
  return {
    mapper: () => resources.current().mapper,
    mayLackResources: () => {
      const { at, failedGroups } = resources.current();
      return at === 0 || failedGroups.length > 0;
    },
    objects: withBadRequests(objects),
    metadata: withBadRequests(createObjectMetadata(objects)),
    readiness: [
      {
        name: 'cluster-resources',
        check: () =>
          resources.current().at === 0
            ? 'the Kubernetes API has not been reached since the start'
            : undefined,
      },
    ],
    refresh: () => resources.refresh(),
    onChange: (listener) => void listeners.push(listener),
    close() {
      objects.close();
      resources.close();
      client.close();
    },
  };
}

/** Reports requests that the API server rejects, such as an invalid label selector, as errors of the client. */
function withBadRequests<Request, Objects>(lister: {
  list(request: Request): Promise<Objects>;
}): { list(request: Request): Promise<Objects> } {
  return {
    list: (request) =>
      lister.list(request).catch((cause: unknown) => {
        const isBadRequest = cause instanceof KubernetesError && cause.status === 400;
        throw isBadRequest ? new MetricsError('BadRequest', cause.message, { cause }) : cause;
      }),
  };
}
