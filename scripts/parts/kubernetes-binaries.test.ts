import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ensureKubernetes } from './kubernetes-binaries.ts';

let assets: string;

beforeEach(async () => {
  assets = await mkdtemp(join(tmpdir(), 'assets-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(assets, { recursive: true });
});

test('the programs of KUBEBUILDER_ASSETS come first', async () => {
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager']) {
    await writeFile(join(assets, name), '', { mode: 0o755 });
  }
  vi.stubEnv('KUBEBUILDER_ASSETS', assets);
  expect(await ensureKubernetes()).toEqual({
    etcd: join(assets, 'etcd'),
    apiServer: join(assets, 'kube-apiserver'),
    controllerManager: join(assets, 'kube-controller-manager'),
  });
});
