import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackAptPackage } from './apt-package.ts';
import { keptOrMade } from './cache.ts';
import { findExecutable } from './executable.ts';
import { buildKubernetes } from './kube-build.ts';

/** Paths of the programs of a control plane. */
export interface KubernetesBinaries {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
}

let binaries: Promise<KubernetesBinaries> | undefined;

/**
 * The programs of a control plane: those in the folder that `KUBEBUILDER_ASSETS` names (the
 * convention of controller-runtime's envtest) if it holds all of them, else etcd of Debian's
 * package and a Kubernetes built from Debian's source package. The first build takes some minutes; the
 * cache keeps its result. Progress is written to standard error.
 *
 * @throws Error with instructions if they can be neither found nor built
 */
export function ensureKubernetes(): Promise<KubernetesBinaries> {
  binaries ??= findKubernetes(process.env.KUBEBUILDER_ASSETS);
  return binaries;
}

async function findKubernetes(assets: string | undefined): Promise<KubernetesBinaries> {
  if (assets) {
    const installed = inAssets(assets);
    const missing = await missingPrograms(installed);
    if (missing.length === 0) {
      return installed;
    }
    say(`not using KUBEBUILDER_ASSETS, for it lacks ${missing.join(' and ')}`);
  }
  return makeKubernetes();
}

function inAssets(assets: string): KubernetesBinaries {
  return {
    etcd: join(assets, 'etcd'),
    apiServer: join(assets, 'kube-apiserver'),
    controllerManager: join(assets, 'kube-controller-manager'),
  };
}

async function missingPrograms(programs: KubernetesBinaries): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const path of Object.values(programs)) {
    if ((await stat(path).catch(() => undefined)) === undefined) {
      missing.push(path);
    }
  }
  return missing;
}

async function makeKubernetes(): Promise<KubernetesBinaries> {
  try {
    const kubernetes = await keptOrMade('kubernetes', async (directory) => {
      say('building a Kubernetes control plane: this takes some minutes, the first time only');
      return buildKubernetes(directory, say);
    });
    return {
      etcd: await ensureEtcd(),
      apiServer: join(kubernetes, 'kube-apiserver'),
      controllerManager: join(kubernetes, 'kube-controller-manager'),
    };
  } catch (error) {
    throw new Error(
      'no Kubernetes control plane to run: set KUBEBUILDER_ASSETS to a folder that holds etcd, kube-apiserver and kube-controller-manager',
      { cause: error },
    );
  }
}

async function ensureEtcd(): Promise<string> {
  const unpack = (directory: string) => unpackAptPackage('etcd-server', directory);
  return (await findExecutable('etcd')) ?? join(await keptOrMade('etcd', unpack), 'usr/bin/etcd');
}

function say(step: string): void {
  process.stderr.write(`control plane: ${step}\n`);
}
