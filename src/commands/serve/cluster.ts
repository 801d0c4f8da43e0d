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

/** What the adapter knows of the objects of a cluster, or does without one. */
export interface Cluster {
  mapper(): ResourceMapper;
  /** Whether the mapper may lack resources that exist: it is not of this cluster, or not of all of it. */
  mayLackResources(): boolean;
  readonly objects: ObjectNames;
  /** The pods and nodes that resource metrics are about. */
  readonly metadata: ObjectMetadata;
  readonly readiness: readonly HealthCheck[];
  /** Asks for the resources of the cluster now; never rejects. */
  refresh(): Promise<void>;
  /** Called from now on when the resources of the cluster have changed. */
  onChange(listener: () => void): void;
  close(): void;
}

/** No cluster: the built-in kinds of objects, named by the metrics themselves. */
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
 * How long a start waits for an API server that says nothing, in milliseconds. Not as long as liveness
 * probes are patient: being restarted again and again, it would come back late when the API server does.
 */
const LONGEST_WAIT = 10_000;

/**
 * The cluster of the kubeconfig or of the pod; its resources have been asked for once, and are known
 * unless that failed or takes long.
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
  await Promise.race([resources.refresh(), sleep(LONGEST_WAIT)]);
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
