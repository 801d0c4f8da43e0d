import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../scripts/parts/control-plane.ts';
import {
  issueServerCertificate,
  writeCertificate,
} from '../../scripts/parts/control-plane-certificates.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { askAdapter, type InstalledAdapter, installAdapter, untilAvailable } from './adapter.ts';
import { autoscaler, autoscalerStatus } from './autoscaler.ts';
import { deployment } from './deployment.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import {
  type FollowedPods,
  followRunningPods,
  type Series,
  scrapeConfig,
  startWorkload,
  type Workload,
} from './workload.ts';

const NAMESPACE = 'shop';
const PODS = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${NAMESPACE}/pods/*/open_connections`;
const EXTERNAL = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/orders_waiting`;
const PATIENCE = { timeout: 60_000, interval: 300 };

let plane: ControlPlane;
let kubectl: Kubectl;
let pods: FollowedPods;
let workload: Workload;
let prometheus: RunningPrometheus;
let adapter: InstalledAdapter;

beforeAll(async () => {
  plane = await startControlPlane({ controllers: true });
  kubectl = await createKubectl(plane.kubeconfig, plane.directory);
  pods = followRunningPods(kubectl, NAMESPACE, 'web');
  workload = await startWorkload(currentSeries);
  prometheus = await startPrometheus(await prometheusSettings());
  const rulesFile = join(plane.directory, 'rules.yaml');
  await writeFile(rulesFile, RULES);
  await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await kubectl.apply(deployment(NAMESPACE, 'web', 2));
  await kubectl.apply(
    autoscaler(plane.minor, NAMESPACE, 'web', 4, {
      type: 'Pods',
      pods: {
        metric: { name: 'open_connections' },
        target: { type: 'AverageValue', averageValue: '10' },
      },
    }),
  );
  adapter = await installAdapter(plane, kubectl, { rulesFile, prometheusUrl: prometheus.url });
});

afterAll(async () => {
  await adapter?.stop();
  await prometheus?.stop();
  await workload?.close();
  await pods?.stop();
  await plane?.stop();
});

test('without a failure the metrics are served and the autoscaler uses them', async () => {
  await untilServed();
  await untilScaling('True ValidMetricFound');
});

test('Prometheus is killed: an error and no scaling; it restarts: full service', async () => {
  await prometheus.kill();
  await untilRefused(PODS, 'InternalError');
  await untilRefused(EXTERNAL, 'InternalError');
  await untilScaling('False FailedGetPodsMetric');
  expect(await kubectl.field('deployment', 'web', '{.status.replicas}', NAMESPACE)).toBe('2');
  await untilAvailable(kubectl);

  prometheus = await startPrometheus(await prometheusSettings());
  await untilServed();
  await untilScaling('True ValidMetricFound');
  expect(adapter.isRunning()).toBe(true);
});

test('the adapter stops: the API server reports it; the adapter starts again: full service', async () => {
  await adapter.stop();
  await untilRefused(PODS, 'ServiceUnavailable');
  await adapter.start();
  await untilAvailable(kubectl);
  await untilServed();
});

test('the API server is down: only requests that need it fail; it restarts: full service', async () => {
  const token = await plane.createToken(adapter.namespace, 'prom-metrics-adapter');
  await plane.stopApiServer();
  expect(await ask(EXTERNAL)).toMatchObject({ status: 200 });
  // The index has the names of the pods for another minute.
  expect(await ask(PODS)).toMatchObject({ status: 200 });
  const stranger = await askAdapter(adapter.port, EXTERNAL, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([401, 403, 500, 503]).toContain(stranger.status);
  expect(stranger.body).not.toContain('ExternalMetricValueList');

  await plane.startApiServer();
  await untilAvailable(kubectl);
  await untilServed();
  await untilScaling('True ValidMetricFound');
  expect(adapter.isRunning()).toBe(true);
});

test('the front proxy gets a new CA: the adapter uses it', async () => {
  await plane.rotateFrontProxy();
  await untilAvailable(kubectl);
  await untilServed();
  expect(adapter.isRunning()).toBe(true);
});

test('the files of the serving certificate are replaced: the new certificate is served', async () => {
  const before = await servedFingerprint();
  const names = [`prom-metrics-adapter.${adapter.namespace}.svc`];
  await writeCertificate(
    plane.directory,
    'adapter',
    await issueServerCertificate(adapter.authority, names),
  );
  await expect.poll(servedFingerprint, PATIENCE).not.toBe(before);
  await untilServed();
  await untilAvailable(kubectl);
});

test('another aggregated API is unavailable: relists and starts still work', async () => {
  await kubectl.apply(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: NAMESPACE, name: 'broken' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.broken.example.com' },
      spec: {
        service: { namespace: NAMESPACE, name: 'broken', port: await freePort() },
        group: 'broken.example.com',
        version: 'v1',
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  );
  await kubectl.run(
    'wait',
    '--for=condition=Available=false',
    '--timeout=60s',
    'apiservice/v1.broken.example.com',
  );
  await untilServed();
  await adapter.stop();
  await adapter.start();
  await untilAvailable(kubectl);
  await untilServed();
  await kubectl.run('delete', 'apiservice', 'v1.broken.example.com');
});

const RULES = JSON.stringify({
  rules: [
    {
      seriesQuery: 'open_connections{namespace!="",pod!=""}',
      resources: { template: '<<.Resource>>' },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    },
  ],
  externalRules: [
    {
      seriesQuery: 'orders_waiting{namespace!=""}',
      resources: { template: '<<.Resource>>' },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)',
    },
  ],
});

/** As many connections to each pod as the target of the autoscaler, and a queue. */
function currentSeries(): readonly Series[] {
  return [
    ...pods.names.map((pod) => ({
      metric: 'open_connections',
      labels: { namespace: NAMESPACE, pod },
      value: 10,
    })),
    {
      metric: 'orders_waiting',
      labels: { namespace: NAMESPACE, queue: 'orders' },
      value: 3,
    },
  ];
}

/** The same port and data every time. */
async function prometheusSettings() {
  return {
    config: scrapeConfig(workload, 3),
    dataDir: join(plane.directory, 'prometheus'),
    port: prometheus?.port ?? (await freePort()),
  };
}

/** Waits until the API server serves the correct values of both kinds of metrics. */
async function untilServed(): Promise<void> {
  const item = (value: string) => expect.objectContaining({ value });
  await expect
    .poll(() => kubectl.raw(PODS), PATIENCE)
    .toMatchObject({ items: [item('10'), item('10')] });
  await expect.poll(() => kubectl.raw(EXTERNAL), PATIENCE).toMatchObject({ items: [item('3')] });
}

/** Waits until the answer is an error: the last answer may be repeated for a moment. */
async function untilRefused(path: string, reason: string): Promise<void> {
  const outcome = () => kubectl.raw(path).then(() => 'an answer', String);
  await expect.poll(outcome, PATIENCE).toContain(reason);
}

async function untilScaling(condition: string): Promise<void> {
  await expect
    .poll(
      async () =>
        (await autoscalerStatus(kubectl, plane.minor, NAMESPACE, 'web', 'pods')).scalingActive,
      PATIENCE,
    )
    .toBe(condition);
}

/** Sends a request to the adapter as a user that needs no access review. */
function ask(path: string) {
  return askAdapter(adapter.port, path, { certificate: plane.certificates.admin });
}

async function servedFingerprint(): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: adapter.port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
