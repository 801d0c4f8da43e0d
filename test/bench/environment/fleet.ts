import type { V1Pod } from '@kubernetes/client-node';
import type { Series } from '../../e2e/workload.ts';

/** Workloads of a cluster, spread over its namespaces; each has a Service and a queue besides its pods. */
export interface Fleet {
  readonly namespaces: readonly string[];
  readonly workloads: readonly FleetWorkload[];
}

export interface FleetWorkload {
  readonly namespace: string;
  /** Of its Service and of its queue too, and the value of its pods' label `app`. */
  readonly name: string;
  readonly pods: readonly string[];
}

const NAMESPACES = 40;
/** What each pod counts; the value that autoscalers get. */
export const REQUESTS_PER_SECOND = 10;

export function createFleet(pods: number, workloads: number): Fleet {
  const namespaces = Array.from(
    { length: Math.min(NAMESPACES, workloads) },
    (_, number) => `team-${String(number).padStart(2, '0')}`,
  );
  const replicas = Math.ceil(pods / workloads);
  return {
    namespaces,
    workloads: Array.from({ length: workloads }, (_, number) => {
      const name = `web-${String(number).padStart(3, '0')}`;
      return {
        namespace: namespaces[number % namespaces.length] ?? '',
        name,
        pods: Array.from(
          { length: Math.min(replicas, pods - number * replicas) },
          (_, replica) => `${name}-6d4cf56db6-${replica.toString(36).padStart(5, 'x')}`,
        ),
      };
    }),
  };
}

/** The series of the fleet: a counter for each pod and each Service, a gauge for each queue. */
export function fleetSeries({ workloads }: Fleet): readonly Series[] {
  return workloads.flatMap(({ namespace, name, pods }) => [
    ...pods.map((pod) => ({
      metric: 'http_requests_total',
      labels: { namespace, pod },
      perSecond: REQUESTS_PER_SECOND,
    })),
    {
      metric: 'front_requests_total',
      labels: { namespace, service: name },
      perSecond: REQUESTS_PER_SECOND,
    },
    { metric: 'queue_depth', labels: { namespace, queue: name }, value: 7 },
  ]);
}

/** The adapter's rules for these series (JSON is YAML), with nothing that the reference lacks. */
export function fleetRules(): string {
  const rate = (object: string) => ({
    seriesQuery: `{__name__=~"^(http|front)_requests_total$",namespace!="",${object}!=""}`,
    resources: {
      overrides: { namespace: { resource: 'namespace' }, [object]: { resource: object } },
    },
    name: { matches: '^(.*)_total$', as: '${1}_per_second' },
    metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)',
  });
  return JSON.stringify({
    rules: [rate('pod'), rate('service')],
    externalRules: [
      {
        seriesQuery: 'queue_depth{namespace!=""}',
        resources: { overrides: { namespace: { resource: 'namespace' } } },
        metricsQuery: 'max(<<.Series>>{<<.LabelMatchers>>}) by (queue)',
      },
    ],
  });
}

/**
 * The requests of the fleet's autoscalers: each for the pods of its workload, every fifth also for a
 * Service by name and for a queue.
 */
export function fleetPaths({ workloads }: Fleet): readonly string[] {
  return workloads.flatMap(({ namespace, name }, number) => {
    const custom = `/apis/custom.metrics.k8s.io/v1beta1/namespaces/${namespace}`;
    const external = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}`;
    return [
      `${custom}/pods/%2A/http_requests_per_second?labelSelector=app%3D${name}`,
      ...(number % 5 === 0
        ? [
            `${custom}/services/${name}/front_requests_per_second`,
            `${external}/queue_depth?labelSelector=queue%3D${name}`,
          ]
        : []),
    ];
  });
}

/** A pod with about as much in it as a real one has. */
export function fleetPod({ name: app }: FleetWorkload, name: string): V1Pod {
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 };
  return {
    metadata: {
      name,
      labels: {
        app,
        'app.kubernetes.io/name': app,
        'app.kubernetes.io/version': '1.2.3',
        'pod-template-hash': '6d4cf56db6',
      },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '8080',
        'checksum/config': '0f343b0931126a20f133d67c2b018a3b5d3f4a5c6e7d8f90a1b2c3d4e5f60718',
      },
    },
    spec: {
      automountServiceAccountToken: false,
      containers: ['web', 'proxy'].map((container) => ({
        name: container,
        image: `registry.example.com/${app}/${container}:1.2.3`,
        args: ['--listen=:8080', '--log-level=info', `--service=${app}`],
        env: Array.from({ length: 12 }, (_, number) => ({
          name: `SETTING_${number}`,
          value: `value-${number}-of-${app}`,
        })),
        ports: [{ containerPort: 8080 }],
        livenessProbe: probe,
        readinessProbe: probe,
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
      })),
      volumes: [{ name: 'config', configMap: { name: `${app}-config` } }],
    },
  };
}
