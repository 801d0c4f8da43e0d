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

/** kubectl as one user of one cluster. */
export interface Kubectl {
  /**
   * Runs it with these arguments.
   *
   * @returns standard output, without the white space around it
   * @throws Error with what kubectl said
   */
  run(...args: readonly string[]): Promise<string>;
  /** `kubectl apply`, which looks the fields up in the API server's OpenAPI. */
  apply(...manifests: readonly Manifest[]): Promise<void>;
  /** `kubectl get --raw`, as parsed JSON. */
  raw(path: string): Promise<unknown>;
  /** One value of one object: `kubectl get -o jsonpath=`. Empty where there is none. */
  field(resource: string, name: string, jsonPath: string, namespace?: string): Promise<string>;
}

/**
 * @param kubeconfig the file that says which cluster, and who asks
 * @param directory where manifests and what kubectl remembers of the cluster are written
 */
export async function createKubectl(kubeconfig: string, directory: string): Promise<Kubectl> {
  const program = await ensureKubectl();
  const scratch = await mkdtemp(join(directory, 'kubectl-'));
  const options = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(scratch, 'cache')}`];
  let written = 0;
  const run = async (...args: readonly string[]) =>
    (await runCommand(program, [...options, ...args])).trim();
  return {
    run,
    async apply(...manifests) {
      written += 1;
      const file = join(scratch, `${written}.json`);
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
      await run('apply', '--filename', file);
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
