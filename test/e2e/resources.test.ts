import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { type InstalledAdapter, startAdapter } from './adapter.ts';
import { test } from './cluster.ts';
import type { Kubectl, Manifest } from './kubectl.ts';
import type { Series } from './workload.ts';

const GROUP = 'office.example.com';
const API = '/apis/custom.metrics.k8s.io/v1beta2';
const OFFICE = `${API}/namespaces/office`;
/** Relists and lookups of the cluster's resources are 2 s apart. */
const PATIENCE = { timeout: 60_000, interval: 300 };

/** One of each custom resource, the first of them namespaced. */
const PRINTER = { kind: 'Printer', plural: 'printers', singular: 'printer', scope: 'Namespaced' };
const REGION = { kind: 'Region', plural: 'regions', singular: 'region', scope: 'Cluster' };

let cluster: Cluster;
let kubectl: Kubectl;
let prometheusUrl: string;
let adapter: InstalledAdapter;
let rulesFile: string;

test.beforeAll(async ({ environment }) => {
  ({ cluster, kubectl } = environment);
  const { createNamespace, fileResources, install, startScraping } = environment;
  await createNamespace('office');
  fileResources.defer(() => kubectl.delete(definition(PRINTER), definition(REGION)));
  prometheusUrl = (await startScraping(() => SERIES, 3)).url;
  const flags = ['--shutdown-delay-duration=0s'];
  adapter = await install({ rules: rules(), prometheusUrl, flags });
  rulesFile = adapter.rulesFile;
});

test('series of resources that the cluster does not have are not served', async () => {
  const only = listing(['namespaces/pages_waiting', false]);
  await expect.poll(discovery, PATIENCE).toMatchObject(only);
  for (const path of [
    `${OFFICE}/printers.${GROUP}/laser/pages_waiting`,
    `${OFFICE}/printers/laser/pages_waiting`,
    `${API}/regions.${GROUP}/north/load`,
  ]) {
    await expect(kubectl.raw(path)).rejects.toThrow('NotFound');
  }
});

test('a rule with an unknown resource is rejected, at the start and as an edit', async () => {
  const file = join(cluster.directory, 'refused.yaml');
  const logFile = join(cluster.directory, 'refused.log');
  await writeFile(file, rules(deviceRule));
  const start = startAdapter({
    rulesFile: file,
    prometheusUrl,
    kubeconfig: await cluster.serviceAccountKubeconfig(adapter.namespace, 'prom-metrics-adapter'),
    port: await freePort(),
    certFile: adapter.certFile,
    keyFile: adapter.keyFile,
    logFile,
  });
  const fault = /no resource \S*printer\S* of the group \S*office\.example\.com/;
  await expect(start).rejects.toThrow(fault);
  expect(await readFile(logFile, 'utf8')).toContain('cannot start: rules file rejected');

  await writeFile(rulesFile, rules(deviceRule));
  // A half-written file is reported too: wait for this error.
  await expect.poll(() => adapter.log(), PATIENCE).toMatch(fault);
  await expect.poll(() => adapter.log(), PATIENCE).toContain('keeping the last valid version');
  expect(await discovery()).toMatchObject(listing(['namespaces/pages_waiting', false]));
  await writeFile(rulesFile, rules());
});

test('a namespaced custom resource is usable once it exists, without a restart', async () => {
  await kubectl.apply(definition(PRINTER));
  const name = `printers.${GROUP}/pages_waiting`;
  await expect.poll(discovery, PATIENCE).toEqual(listingAlso(name, true));
  for (const resource of [`printers.${GROUP}`, `printer.${GROUP}`, 'printers', 'printer']) {
    expect(await kubectl.raw(`${OFFICE}/${resource}/laser/pages_waiting`)).toMatchObject({
      items: [printerValue('laser', '3')],
    });
  }
});

test('all objects of it, and those that a selector selects', async () => {
  await established(PRINTER);
  await kubectl.apply(object(PRINTER, 'laser', '1'), object(PRINTER, 'plotter', '2'));
  const all = `${OFFICE}/printers.${GROUP}/*/pages_waiting`;
  // Without permission to list the objects the answer is an error, not an empty list.
  await expect(kubectl.raw(all)).rejects.toThrow('InternalError');

  await kubectl.apply(...rightsToList());
  await expect
    .poll(() => kubectl.raw(all).catch(String), PATIENCE)
    .toMatchObject({ items: [printerValue('laser', '3'), printerValue('plotter', '4')] });
  expect(await kubectl.raw(`${all}?labelSelector=floor%3D2`)).toMatchObject({
    items: [printerValue('plotter', '4')],
  });
  await expect(kubectl.raw(`${all}?labelSelector=floor%3D3`)).rejects.toThrow('NotFound');
});

test('a cluster-scoped custom resource has its own metrics, in no namespace', async () => {
  await kubectl.apply(definition(REGION));
  await expect.poll(discovery, PATIENCE).toEqual(listingAlso(`regions.${GROUP}/load`, false));
  await established(REGION);
  await kubectl.apply(object(REGION, 'north', '1'), object(REGION, 'south', '2'));
  const regions = `${API}/regions.${GROUP}`;
  expect(await kubectl.raw(`${regions}/north/load`)).toMatchObject({
    items: [regionValue('north', '5')],
  });
  await expect
    .poll(() => kubectl.raw(`${regions}/*/load`).catch(String), PATIENCE)
    .toMatchObject({ items: [regionValue('north', '5'), regionValue('south', '6')] });
  expect(await kubectl.raw(`${regions}/*/load?labelSelector=floor%3D2`)).toMatchObject({
    items: [regionValue('south', '6')],
  });
  await expect(kubectl.raw(`${OFFICE}/regions.${GROUP}/north/load`)).rejects.toThrow('NotFound');
});

test('a rule that names the resource is accepted as an edit now', async () => {
  await writeFile(rulesFile, rules(deviceRule));
  const name = `printers.${GROUP}/paper_jams`;
  await expect.poll(discovery, PATIENCE).toEqual(listingAlso(name, true));
  expect(await kubectl.raw(`${OFFICE}/printers.${GROUP}/*/paper_jams`)).toMatchObject({
    items: [printerValue('laser', '8')],
  });
});

test('the metrics of a resource are removed with it, and no others', async () => {
  await kubectl.run('delete', 'customresourcedefinition', `printers.${GROUP}`);
  await expect
    .poll(discovery, PATIENCE)
    .toMatchObject(
      listing(
        ['namespaces/pages_waiting', false],
        ['namespaces/paper_jams', false],
        [`regions.${GROUP}/load`, false],
      ),
    );
  const path = `${OFFICE}/printers.${GROUP}/laser/pages_waiting`;
  await expect(kubectl.raw(path)).rejects.toThrow('NotFound');
  expect(await kubectl.raw(`${API}/regions.${GROUP}/*/load`)).toMatchObject({
    items: [regionValue('north', '5'), regionValue('south', '6')],
  });
  expect(adapter.isRunning()).toBe(true);
});

const SERIES: readonly Series[] = [
  { metric: 'pages_waiting', labels: { k8s_namespace: 'office', k8s_printer: 'laser' }, value: 3 },
  {
    metric: 'pages_waiting',
    labels: { k8s_namespace: 'office', k8s_printer: 'plotter' },
    value: 4,
  },
  { metric: 'load', labels: { k8s_region: 'north' }, value: 5 },
  { metric: 'load', labels: { k8s_region: 'south' }, value: 6 },
  { metric: 'paper_jams', labels: { namespace: 'office', device: 'laser' }, value: 8 },
];

const METRICS_QUERY = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';

/** Names the resource; the other rules derive it from the labels. */
const deviceRule = {
  seriesQuery: 'paper_jams{device!=""}',
  resources: {
    overrides: {
      namespace: { resource: 'namespace' },
      device: { group: GROUP, resource: 'printer' },
    },
  },
  metricsQuery: METRICS_QUERY,
};

function rules(...more: readonly object[]): string {
  const byTemplate = ['pages_waiting{k8s_printer!=""}', 'load{k8s_region!=""}'].map(
    (seriesQuery) => ({
      seriesQuery,
      // Not the bare name: Prometheus itself gives every series a label `job`.
      resources: { template: 'k8s_<<.Resource>>' },
      metricsQuery: METRICS_QUERY,
    }),
  );
  // An API without a rule is not served, and so would never be available.
  const resources = { namespaced: false };
  const externalRules = [{ seriesQuery: 'load', resources, metricsQuery: METRICS_QUERY }];
  return JSON.stringify({ rules: [...byTemplate, ...more], externalRules });
}

type CustomResource = typeof PRINTER;

function definition({ kind, plural, singular, scope }: CustomResource): Manifest {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { kind, plural, singular },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
        },
      ],
    },
  };
}

async function established({ plural }: CustomResource): Promise<void> {
  const condition = ['--for=condition=Established', '--timeout=60s'];
  await kubectl.run('wait', ...condition, `customresourcedefinition/${plural}.${GROUP}`);
}

function object({ kind, scope }: CustomResource, name: string, floor: string): Manifest {
  const namespace = scope === 'Namespaced' ? { namespace: 'office' } : {};
  return {
    apiVersion: `${GROUP}/v1`,
    kind,
    metadata: { name, ...namespace, labels: { floor } },
  };
}

/** The adapter's permission to list the objects of the custom resources. */
function rightsToList(): readonly Manifest[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const metadata = { name: 'office-reader' };
  const verbs = ['get', 'list', 'watch'];
  return [
    {
      apiVersion,
      kind: 'ClusterRole',
      metadata,
      rules: [{ apiGroups: [GROUP], resources: ['*'], verbs }],
    },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...metadata },
      subjects: [
        { kind: 'ServiceAccount', namespace: adapter.namespace, name: 'prom-metrics-adapter' },
      ],
    },
  ];
}

/** The discovery document of the adapter. */
const discovery = () => kubectl.raw(API);

/** Exactly these metrics, sorted by name. */
function listing(...metrics: readonly Metric[]) {
  return { kind: 'APIResourceList', resources: metrics.map(entry) };
}

/** At least this metric. */
function listingAlso(...metric: Metric) {
  return expect.objectContaining({ resources: expect.arrayContaining([entry(metric)]) });
}

/** The name of a metric in discovery, and whether it is of objects in namespaces. */
type Metric = readonly [name: string, namespaced: boolean];

function entry([name, namespaced]: Metric) {
  return expect.objectContaining({ name, namespaced, kind: 'MetricValueList' });
}

function printerValue(name: string, value: string) {
  const described = { kind: 'Printer', namespace: 'office', name, apiVersion: `${GROUP}/v1` };
  return expect.objectContaining({ describedObject: described, value });
}

function regionValue(name: string, value: string) {
  const described = { kind: 'Region', name, apiVersion: `${GROUP}/v1` };
  return expect.objectContaining({ describedObject: described, value });
}
