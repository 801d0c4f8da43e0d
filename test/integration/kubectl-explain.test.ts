import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeKubeconfig } from '../../scripts/demo/kubeconfig.ts';
import { createKubectl, type Kubectl } from '../e2e/kubectl.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const usage = {
  containerQuery: 'sum(usage{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
  nodeQuery: 'sum(usage{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
  resources: { template: '<<.Resource>>' },
  containerLabel: 'container',
};

let scratch: string;
let adapter: StandaloneAdapter;
let kubectl: Kubectl;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'explain-'));
  const config = join(scratch, 'rules.yaml');
  await writeFile(config, JSON.stringify({ resourceRules: { cpu: usage, memory: usage } }));
  adapter = await startStandaloneAdapter({
    config,
    // No server listens there; the test requests no value.
    prometheusUrl: 'http://127.0.0.1:1',
    certificates: scratch,
    until: 'live',
  });
  const kubeconfig = join(scratch, 'kubeconfig');
  const server = `https://127.0.0.1:${adapter.port}`;
  await writeKubeconfig(kubeconfig, server, join(scratch, 'apiserver.crt'));
  kubectl = await createKubectl(kubeconfig, scratch);
});

afterAll(async () => {
  await adapter?.stop();
  await rm(scratch, { recursive: true, force: true });
});

test.each([
  ['nodes', 'NodeMetrics', 'usage\t<map[string]string> -required-'],
  ['pods', 'PodMetrics', 'containers\t<[]ContainerMetrics> -required-'],
  ['pods.containers', 'PodMetrics', 'name\t<string> -required-'],
])('kubectl explains %s by the OpenAPI 3 document', async (what, kind, field) => {
  const lines = (await kubectl.run('explain', what)).split('\n').map((line) => line.trim());
  expect(lines.slice(0, 3)).toEqual([
    'GROUP:      metrics.k8s.io',
    `KIND:       ${kind}`,
    'VERSION:    v1beta1',
  ]);
  expect(lines).toContain(field);
});
