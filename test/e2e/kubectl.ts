import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../scripts/parts/command.ts';
import { ensureKubectl } from '../../scripts/parts/kubectl.ts';

/** A Kubernetes object of any kind, as in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/**
 * How long kubectl may need to see a new API. Newer API servers refresh the discovery documents of
 * aggregated APIs about once a minute.
 */
export const DISCOVERY_REFRESH = { timeout: 100_000, interval: 500 };

export function namespaceManifest(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** kubectl as one user of one cluster. */
export interface Kubectl {
  /**
   * Runs it with these arguments.
   *
   * @returns standard output, trimmed
   * @throws Error with kubectl's error output
   */
  run(...args: readonly string[]): Promise<string>;
  /** `kubectl apply`, which validates the fields with the API server's OpenAPI document. */
  apply(...manifests: readonly Manifest[]): Promise<void>;
  /** `kubectl delete`, without waiting; objects that do not exist are no error. */
  delete(...manifests: readonly Manifest[]): Promise<void>;
  /** `kubectl get --raw`, as parsed JSON. */
  raw(path: string): Promise<unknown>;
  /** One value of one object: `kubectl get -o jsonpath=`. Empty if there is none. */
  field(resource: string, name: string, jsonPath: string, namespace?: string): Promise<string>;
}

/**
 * @param kubeconfig the file with the cluster and the user
 * @param directory gets manifests and kubectl's cache
 */
export async function createKubectl(kubeconfig: string, directory: string): Promise<Kubectl> {
  const program = await ensureKubectl();
  const scratch = await mkdtemp(join(directory, 'kubectl-'));
  const options = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(scratch, 'cache')}`];
  let written = 0;
  const run = async (...args: readonly string[]) =>
    (await runCommand(program, [...options, ...args])).trim();
  const writeList = async (items: readonly Manifest[]): Promise<string> => {
    written += 1;
    const file = join(scratch, `${written}.json`);
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    return file;
  };
  return {
    run,
    async apply(...manifests) {
      await run('apply', '--filename', await writeList(manifests));
    },
    async delete(...manifests) {
      const file = await writeList(manifests);
      await run('delete', '--ignore-not-found', '--wait=false', '--filename', file);
    },
    raw: async (path) => JSON.parse(await run('get', '--raw', path)),
    field: (resource, name, jsonPath, namespace) =>
      run(
        'get',
        resource,
        name,
        `--output=jsonpath=${jsonPath}`,
        ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
      ),
  };
}
