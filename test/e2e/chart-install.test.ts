import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import type { LoggedProcess } from '../../scripts/parts/control-plane-process.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import {
  chartDirectory,
  fieldOf,
  helm,
  listOf,
  parseManifests,
  type Values,
  withValues,
} from '../chart/helm.ts';
import { askAdapter, untilAvailable } from './adapter.ts';
import { autoscaler, autoscalerStatus } from './autoscaler.ts';
import { type Release, startReleasedAdapter, updateMountedRules } from './chart-adapter.ts';
import { test } from './cluster.ts';
import { deployment } from './deployment.ts';
import { type Kubectl, type Manifest, namespaceManifest } from './kubectl.ts';
import { type FollowedPods, followRunningPods, type Series } from './workload.ts';

const NAMESPACE = 'market';
const CUSTOM = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${NAMESPACE}`;
const EXTERNAL = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}`;
const examples = join(import.meta.dirname, '../../examples');

let cluster: Cluster;
let kubectl: Kubectl;
let pods: FollowedPods;
let prometheus: RunningPrometheus;
let release: Release;
let adapter: LoggedProcess;

test.beforeAll(async ({ environment }) => {
  ({ cluster, kubectl } = environment);
  const { createNamespace, fileResources, startScraping } = environment;
  await createNamespace(NAMESPACE);
  pods = fileResources.adopt(followRunningPods(kubectl, NAMESPACE, 'web'), (it) => it.stop());
  prometheus = await startScraping(currentSeries, 3);
  await kubectl.apply(namespaceManifest('monitoring'), ...customResourceDefinitions());
  fileResources.defer(() => kubectl.delete(...customResourceDefinitions()));
  await kubectl.apply(
    deployment(NAMESPACE, 'web', 2),
    object('v1', 'ServiceAccount', { name: 'prometheus', namespace: 'monitoring' }),
  );
  release = {
    namespace: 'monitoring',
    name: 'adapter-prom-metrics-adapter',
    port: await freePort(),
  };
  // As in a migration: the certificate is verified after the first upgrade.
  await runHelm('install', values({ tls: { insecureSkipVerify: true } }));
  await redirectService();
  const starting = startReleasedAdapter(cluster, kubectl, release);
  adapter = fileResources.adopt(await starting, (it) => it.stop());
  await untilAvailable(kubectl);
});

function object(apiVersion: string, kind: string, metadata: Manifest['metadata']): Manifest {
  return { apiVersion, kind, metadata };
}

/** Series of the pods, of the Deployment, of a Secret and of a queue. */
function currentSeries(): readonly Series[] {
  const ofPods = pods.names.map((pod) => ({
    metric: 'nginx_http_requests_total',
    labels: {
      namespace: NAMESPACE,
      pod,
      service: 'front',
      deployment: 'web',
      secret: 'password',
    },
    perSecond: 10,
  }));
  const queue = { namespace: NAMESPACE, queue: 'orders' };
  return [...ofPods, { metric: 'queue_messages_ready', labels: queue, value: 40 }];
}

/** Values for the chart: rules for each kind of series, and the values that differ between the tests. */
function values(changed: { readonly metricName?: string } & Values): Values {
  const { metricName = 'requests_per_second', ...more } = changed;
  return {
    prometheus: { url: 'http://127.0.0.1', port: prometheus.port },
    listenPort: release.port,
    service: { port: release.port },
    metricsRelistInterval: '2s',
    extraArguments: ['--metrics-max-age=1m'],
    rules: {
      default: false,
      custom: [
        {
          seriesQuery: 'nginx_http_requests_total{namespace!=""}',
          resources: { template: '<<.Resource>>' },
          name: { as: metricName },
          metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[10s])) by (<<.GroupBy>>)',
        },
      ],
      external: [
        {
          seriesQuery: 'queue_messages_ready{namespace!=""}',
          resources: { overrides: { namespace: { resource: 'namespace' } } },
          metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)',
        },
      ],
    },
    serviceMonitor: {
      enabled: true,
      prometheusServiceAccount: { name: 'prometheus', namespace: 'monitoring' },
    },
    prometheusRule: { enabled: true },
    grafanaDashboard: { enabled: true },
    ...more,
  };
}

/** The definitions of the custom resources that the chart can create. */
function customResourceDefinitions(): readonly Manifest[] {
  const kinds = [
    ['monitoring.coreos.com', 'ServiceMonitor'],
    ['monitoring.coreos.com', 'PrometheusRule'],
    ['cert-manager.io', 'Issuer'],
    ['cert-manager.io', 'Certificate'],
  ] as const;
  return kinds.map(([group, kind]) => {
    const plural = `${kind.toLowerCase()}s`;
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: { kind, plural },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        ],
      },
    };
  });
}

/** `helm install` and `helm upgrade`. @returns the notes */
function runHelm(
  action: 'install' | 'upgrade',
  given: Values,
  files: readonly string[] = [],
): Promise<string> {
  return withValues({ values: given, files }, (flags) =>
    helm(
      action,
      'adapter',
      chartDirectory,
      '--namespace=monitoring',
      ...clusterFlags(),
      // Before it was finished in 1.22, server-side apply of APIServices broke the API server.
      ...(cluster.minor < 22 ? ['--server-side=false'] : []),
      ...flags,
    ),
  );
}

/** Redirects the chart's Service to the adapter's process: there is no network to pods here. */
async function redirectService(): Promise<void> {
  await deleteService();
  await kubectl.apply({
    ...object('v1', 'Service', {
      name: release.name,
      namespace: 'monitoring',
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: {
        'meta.helm.sh/release-name': 'adapter',
        'meta.helm.sh/release-namespace': 'monitoring',
      },
    }),
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
}

/** Helm creates a missing Service again, but could not change the type of an existing one back. */
async function deleteService(): Promise<void> {
  await kubectl.run('delete', 'service', release.name, '--namespace=monitoring');
}

function clusterFlags(): readonly string[] {
  return [`--kubeconfig=${cluster.kubeconfig}`];
}

/** The names of the objects that a list of metrics describes. */
async function described(path: string): Promise<readonly string[]> {
  return listOf(await kubectl.raw(path), 'items').map((item) =>
    String(fieldOf(item, 'describedObject.name')),
  );
}

/** The resource attributes of a SubjectAccessReview, e.g. `{ verb: 'list', resource: 'pods' }`. */
type Action = Readonly<Record<string, string>>;

/** Whether the API server authorizes an action of a service account (`namespace:name`). */
async function may(account: string, action: Action): Promise<boolean> {
  const file = join(cluster.directory, 'review.json');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: `system:serviceaccount:${account}`, resourceAttributes: action },
    }),
  );
  const answer = ['--output=jsonpath={.status.allowed}', '--validate=false'];
  return (await kubectl.run('create', `--filename=${file}`, ...answer)) === 'true';
}

async function errorOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    (value) => `no error: ${JSON.stringify(value)}`,
    (error: unknown) => String(error),
  );
}

describe('helm install', () => {
  test('creates pods that become ready, and APIs that are available', async () => {
    await kubectl.run(
      'rollout',
      'status',
      `deployment/${release.name}`,
      '--namespace=monitoring',
      '--timeout=60s',
    );
    const apis = await kubectl.run('get', 'apiservices', '--no-headers');
    const lines = apis.split('\n').filter((line) => line.includes('monitoring/'));
    expect(lines.map((line) => line.split(/\s+/).slice(0, 3))).toEqual([
      ['v1beta1.custom.metrics.k8s.io', `monitoring/${release.name}`, 'True'],
      ['v1beta1.external.metrics.k8s.io', `monitoring/${release.name}`, 'True'],
      ['v1beta2.custom.metrics.k8s.io', `monitoring/${release.name}`, 'True'],
    ]);
  });

  test('gives the adapter the permissions for metrics of pods, services and deployments', async () => {
    await expect
      .poll(() => described(`${CUSTOM}/pods/%2A/requests_per_second`), { timeout: 20_000 })
      .toHaveLength(2);
    const selected = `?labelSelector=${encodeURIComponent('app=web')}`;
    const path = (resource: string) => `${CUSTOM}/${resource}/%2A/requests_per_second`;
    expect(await described(`${path('deployments.apps')}${selected}`)).toEqual(['web']);
    expect(await described(`${CUSTOM}/services/front/requests_per_second`)).toEqual(['front']);
    const external = await kubectl.raw(
      `${EXTERNAL}/queue_messages_ready?labelSelector=queue%3Dorders`,
    );
    expect(listOf(external, 'items')).toMatchObject([{ value: '40' }]);
  });

  test('gives the adapter no other permissions', async () => {
    const account = `monitoring:${release.name}`;
    expect(await may(account, { verb: 'list', resource: 'pods' })).toBe(true);
    const others: readonly Action[] = [
      { verb: 'list', resource: 'secrets' },
      { verb: 'get', resource: 'secrets' },
      { verb: 'list', resource: 'configmaps' },
      { verb: 'create', resource: 'pods' },
      { verb: 'patch', resource: 'deployments', group: 'apps' },
      { verb: 'impersonate', resource: 'users' },
    ];
    for (const action of others) {
      expect([action, await may(account, action)]).toEqual([action, false]);
    }
    const answer = await errorOf(kubectl.raw(`${CUSTOM}/secrets/%2A/requests_per_second`));
    expect(answer).not.toContain('no error');
    await expect.poll(() => adapter.log()).toContain('secrets is forbidden');
  });

  test('lets autoscalers read custom and external metrics, and others not', async () => {
    const hpa = 'kube-system:horizontal-pod-autoscaler';
    const pods = { verb: 'get', resource: 'pods', subresource: 'requests_per_second' };
    const custom = { ...pods, group: 'custom.metrics.k8s.io', namespace: NAMESPACE };
    const queue = { verb: 'list', resource: 'queue_messages_ready' };
    const external = { ...queue, group: 'external.metrics.k8s.io', namespace: NAMESPACE };
    expect(await may(hpa, custom)).toBe(true);
    expect(await may(hpa, external)).toBe(true);
    expect(await may(`${NAMESPACE}:default`, custom)).toBe(false);

    const metric = { name: 'queue_messages_ready', selector: { matchLabels: { queue: 'orders' } } };
    const target = { type: 'AverageValue', averageValue: '10' };
    await kubectl.apply(
      autoscaler(cluster.minor, NAMESPACE, 'web', 4, {
        type: 'External',
        external: { metric, target },
      }),
    );
    await expect
      .poll(() => autoscalerStatus(kubectl, cluster.minor, NAMESPACE, 'web', 'external'), {
        timeout: 30_000,
      })
      .toMatchObject({ scalingActive: 'True ValidMetricFound', replicas: '4' });
  });

  test("lets Prometheus read the adapter's own metrics, and others not", async () => {
    const ask = async (account: string) => {
      const token = await cluster.createToken('monitoring', account);
      const headers = { authorization: `Bearer ${token}` };
      return askAdapter(release.port, '/metrics', { headers });
    };
    const allowed = await ask('prometheus');
    expect(allowed.status).toBe(200);
    expect(allowed.body).toContain('prom_metrics_adapter_relists_total{outcome="success"}');
    expect((await ask('default')).status).toBe(403);
  });
});

describe('helm upgrade', () => {
  const trust = (field: string) =>
    kubectl.field('apiservice', 'v1beta2.custom.metrics.k8s.io', `{.spec.${field}}`);

  test('of rules is served without a restart and with the same certificate', async () => {
    const state = async () => ({
      certificate: await kubectl.field('secret', release.name, '{.data.tls\\.crt}', 'monitoring'),
      pods: await kubectl.run(
        'get',
        'pods',
        '--namespace=monitoring',
        '--output=jsonpath={.items[*].metadata.uid}',
      ),
      template: await kubectl.field('deployment', release.name, '{.spec.template}', 'monitoring'),
    });
    const before = await state();
    await deleteService();
    const said = await runHelm('upgrade', values({ metricName: 'requests' }));
    await redirectService();
    await updateMountedRules(cluster, kubectl, release);
    await untilAvailable(kubectl);
    await expect
      .poll(() => described(`${CUSTOM}/pods/%2A/requests`).catch(() => []), { timeout: 30_000 })
      .not.toEqual([]);
    expect(await state()).toEqual(before);
    expect(await trust('insecureSkipTLSVerify')).toBe('');
    const authority = await kubectl.field('secret', release.name, '{.data.ca\\.crt}', 'monitoring');
    expect(await trust('caBundle')).toBe(authority);
    expect(adapter.isRunning()).toBe(true);
    await deleteService();
    expect(said).toContain('kubectl get --raw /apis/custom.metrics.k8s.io/v1beta2');
  });

  test('replaces metrics-server for CPU and memory if configured, and rolls back', async () => {
    const api = 'v1beta1.metrics.k8s.io';
    const servedBy = () => kubectl.field('apiservice', api, '{.spec.service.name}');
    const upgrade = (resource: boolean) => {
      const rules = { default: false, defaultResource: true };
      return runHelm('upgrade', values({ rules, apiServices: { resource } }));
    };
    const metricsServer: Manifest = {
      ...object('apiregistration.k8s.io/v1', 'APIService', { name: api }),
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'metrics-server', namespace: 'kube-system' },
      },
    };
    await kubectl.apply(metricsServer);

    // Served, but not registered yet.
    await upgrade(false);
    await updateMountedRules(cluster, kubectl, release);
    const direct = [`--server=https://127.0.0.1:${release.port}`, '--insecure-skip-tls-verify'];
    const path = '/apis/metrics.k8s.io/v1beta1/nodes';
    await expect
      .poll(() => kubectl.run('get', '--raw', path, ...direct).catch(String), { timeout: 30_000 })
      .toContain('"kind":"NodeMetricsList"');
    expect(await servedBy()).toBe('metrics-server');

    expect(await errorOf(upgrade(true))).toContain(api);
    expect(await servedBy()).toBe('metrics-server');

    await kubectl.run('delete', 'apiservice', api);
    await upgrade(true);
    expect(await servedBy()).toBe(release.name);
    await upgrade(false);
    expect(await kubectl.run('get', 'apiservices', '--output=name')).not.toContain(`/${api}`);
  });

  test.each(['old-values.yaml', 'all-values.yaml'])(
    'with %s creates objects that the API server accepts',
    async (file) => {
      await runHelm('upgrade', {}, [join(import.meta.dirname, '../chart/values', file)]);
      const certificates = await kubectl.run('get', 'certificates.cert-manager.io', '-A', '-oname');
      expect(certificates !== '').toBe(file === 'all-values.yaml');
    },
  );
});

describe('helm uninstall', () => {
  test('leaves nothing behind', async () => {
    await helm('uninstall', 'adapter', '-n', 'monitoring', '--wait', ...clusterFlags());
    const kinds = [
      'apiservices',
      'clusterroles',
      'clusterrolebindings',
      'rolebindings',
      'configmaps',
      'deployments',
      'poddisruptionbudgets',
      'secrets',
      'serviceaccounts',
      'services',
      'servicemonitors.monitoring.coreos.com',
      'issuers.cert-manager.io',
    ].join();
    const left = await kubectl.run(
      'get',
      kinds,
      '--all-namespaces',
      '--selector=app.kubernetes.io/instance=adapter',
      '--output=name',
    );
    expect(left).toBe('');
  });
});

describe('examples', () => {
  /** Kubernetes before 1.23 has the same autoscalers under an older version. */
  function forThisVersion(manifest: Manifest): Manifest {
    const isAutoscaler = manifest.kind === 'HorizontalPodAutoscaler' && cluster.minor < 23;
    return isAutoscaler ? { ...manifest, apiVersion: 'autoscaling/v2beta2' } : manifest;
  }

  test.each(['nginx', 'object-metric', 'external-metric', 'namespace-metric'])(
    '%s: the API server accepts the manifests',
    async (name) => {
      const directory = join(examples, name, 'manifests');
      for (const file of await readdir(directory)) {
        const manifests = parseManifests(await readFile(join(directory, file), 'utf8'));
        expect(manifests.length).toBeGreaterThan(0);
        await kubectl.apply(...manifests.map(forThisVersion));
      }
    },
  );
});
