import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { type RunningAdapter, startAdapter } from '../golden/adapter.ts';
import { makeUsers } from '../golden/golden-users.ts';
import { type KubernetesApi, startKubernetesApi } from '../golden/kubernetes-api.ts';
import { parseGroups } from '../golden/kubernetes-discovery.ts';
import { parseObjects } from '../golden/kubernetes-objects.ts';
import { readData } from '../golden/recorded-cases.ts';

const printers = {
  name: 'office.example.com',
  versions: ['v1'],
  preferred: 'v1',
  resources: {
    v1: [
      {
        name: 'printers',
        singularName: 'printer',
        namespaced: true,
        kind: 'Printer',
        verbs: ['get', 'list', 'watch'],
      },
    ],
  },
};

let scratch: string;
let kubernetes: KubernetesApi;
let prometheus: RunningPrometheus;
let adapter: RunningAdapter;

/** Rules that name a custom resource, distinguished by the name of their metric. */
function rules(name: string, resource: object): string {
  const overrides = { namespace: { resource: 'namespace' }, device: resource };
  const metricsQuery = '<<.Series>>{<<.LabelMatchers>>}';
  return JSON.stringify({
    rules: [{ seriesQuery: 'up', name: { as: name }, resources: { overrides }, metricsQuery }],
  });
}

/** At once: a file that is still empty would be an edit, too. */
async function replaceRules(text: string): Promise<void> {
  await writeFile(join(scratch, 'new.yaml'), text);
  await rename(join(scratch, 'new.yaml'), join(scratch, 'rules.yaml'));
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'refused-'));
  const users = await makeUsers();
  kubernetes = await startKubernetesApi({
    groups: parseGroups(readData('kube-discovery.json')),
    objects: [...parseObjects(readData('objects.yaml')), users.authenticationConfigMap],
    kubeconfig: join(scratch, 'kubeconfig'),
  });
  prometheus = await startPrometheus();
  await writeFile(join(scratch, 'rules.yaml'), rules('first', { resource: 'pod' }));
  adapter = await startAdapter({
    config: join(scratch, 'rules.yaml'),
    prometheusUrl: prometheus.url,
    kubeconfig: join(scratch, 'kubeconfig'),
    certificates: scratch,
  });
});

afterAll(async () => {
  await adapter?.stop();
  await prometheus?.stop();
  await kubernetes?.close();
  await rm(scratch, { recursive: true, force: true });
});

const said = () => adapter.stdoutTail();
const patience = { timeout: 20_000, interval: 100 };

it('an edit is checked against the current resources of the cluster, not cached ones', async () => {
  const printer = { group: printers.name, resource: 'printer' };
  await replaceRules(rules('too_early', printer));
  await expect.poll(said, patience).toContain('keeping the last valid version');
  expect(said()).toContain('no resource "printer" of the group "office.example.com" is known');

  // The next discovery of the cluster's resources is in an hour.
  kubernetes.addGroup(printers);
  await replaceRules(rules('in_time', printer));
  await expect.poll(() => said().split('rules loaded').length, patience).toBe(3);
});
