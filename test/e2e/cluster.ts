import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { openCluster } from '../../scripts/parts/cluster.ts';
import { startPrometheus } from '../../scripts/parts/prometheus.ts';
import { test as base } from '../fixtures/resources.ts';
import { type InstallSettings, installAdapter } from './adapter.ts';
import { createKubectl, namespaceManifest } from './kubectl.ts';
import { type Series, scrapeConfig, startWorkload } from './workload.ts';

/**
 * `test` in the cluster that the test files of one worker share: with controllers and a stand-in for
 * nodes. What a file creates with these fixtures is removed after it. Tests that stop the API server,
 * or count its requests, start their own control plane instead.
 *
 * `environment` has all of these fixtures:
 * - `createNamespace`: creates a namespace in which pods can be created
 * - `startScraping`: starts a Prometheus that scrapes series at this interval in seconds
 * - `install`: installs an adapter with the text of a rules file, at `rulesFile`
 */
export const test = base
  .extend('cluster', { scope: 'file' }, async ({ fileResources }) => {
    const address = inject('clusters')[Number(process.env.VITEST_POOL_ID) - 1];
    if (address === undefined) throw new Error('this worker has no cluster');
    const cluster = await openCluster(address, tmpdir());
    fileResources.defer(() => rm(cluster.directory, { recursive: true, force: true }));
    return cluster;
  })
  .extend('kubectl', { scope: 'file' }, ({ cluster }) =>
    createKubectl(cluster.kubeconfig, cluster.directory),
  )
  .extend(
    'createNamespace',
    { scope: 'file' },
    ({ kubectl, fileResources }) =>
      async (name: string): Promise<void> => {
        const manifest = namespaceManifest(name);
        await kubectl.apply(manifest);
        fileResources.defer(() => kubectl.delete(manifest));
        // Without its service account no pod is admitted.
        const wait = ['wait', '--for=create', '--timeout=60s', `--namespace=${name}`];
        await kubectl.run(...wait, 'serviceaccount/default');
      },
  )
  .extend(
    'startScraping',
    { scope: 'file' },
    ({ fileResources }) =>
      async (series: () => readonly Series[], seconds: number) => {
        const workload = fileResources.adopt(await startWorkload(series), (it) => it.close());
        const config = scrapeConfig(workload, seconds);
        return fileResources.adopt(await startPrometheus({ config }), (it) => it.stop());
      },
  )
  .extend(
    'install',
    { scope: 'file' },
    ({ cluster, kubectl, fileResources }) =>
      async (settings: Omit<InstallSettings, 'rulesFile'> & { readonly rules: string }) => {
        const rulesFile = join(cluster.directory, 'rules.yaml');
        await writeFile(rulesFile, settings.rules);
        const installing = installAdapter(cluster, kubectl, { ...settings, rulesFile });
        return fileResources.adopt(await installing, (it) => it.uninstall());
      },
  )
  .extend(
    'environment',
    { scope: 'file' },
    ({ cluster, createNamespace, fileResources, install, kubectl, startScraping }) => ({
      cluster,
      createNamespace,
      fileResources,
      install,
      kubectl,
      startScraping,
    }),
  );
