import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { runCommand } from '../../scripts/parts/command.ts';
import { ensureHelm } from '../../scripts/parts/kubectl.ts';
import type { Manifest } from '../e2e/kubectl.ts';

/** The chart of this project. */
export const chartDirectory = join(import.meta.dirname, '../../charts/prom-metrics-adapter');

/** Values of a chart, as in a values file. */
export type Values = Readonly<Record<string, unknown>>;

export interface RenderSettings {
  readonly release?: string;
  readonly namespace?: string;
  /** Paths of values files, the last one counts. */
  readonly files?: readonly string[];
  /** Values on top of those of the files. */
  readonly values?: Values;
  /** More flags, e.g. `--kube-version=1.35.0`. */
  readonly flags?: readonly string[];
}

/**
 * Runs helm.
 *
 * @returns standard output
 * @throws Error with the output of helm
 */
export async function helm(...args: readonly string[]): Promise<string> {
  return runCommand(await ensureHelm(), args);
}

/** The objects that the chart makes of values, without a cluster: `helm template`. */
export async function renderChart(settings: RenderSettings = {}): Promise<readonly Manifest[]> {
  const { release = 'adapter', namespace = 'monitoring' } = settings;
  return withValues(settings, async (flags) =>
    parseManifests(await helm('template', release, chartDirectory, '-n', namespace, ...flags)),
  );
}

/** The error of helm for these values; `it was rendered` if there is none. */
export async function rejectionOf(settings: RenderSettings): Promise<string> {
  const error: unknown = await renderChart(settings).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : 'it was rendered';
}

/** The notes that `helm install` prints, of a dry run without a cluster. */
export async function notesOf(settings: RenderSettings = {}): Promise<string> {
  return withValues(settings, async (flags) => {
    const dryRun = ['--dry-run=client', '-n', 'monitoring', ...flags];
    return (await helm('install', 'adapter', chartDirectory, ...dryRun)).split('NOTES:')[1] ?? '';
  });
}

/** The adapter's container in the Deployment. */
export function containerOf(manifests: readonly Manifest[]): unknown {
  return listOf(only(manifests, 'Deployment'), 'spec.template.spec.containers')[0];
}

/** The flags that the adapter gets. */
export function argsOf(manifests: readonly Manifest[]): readonly string[] {
  return listOf(containerOf(manifests), 'args').map(String);
}

/** Calls with helm's flags for the values, which are in a file until the call ends. */
export async function withValues<T>(
  { files = [], values = {}, flags = [] }: RenderSettings,
  call: (flags: readonly string[]) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'values-'));
  try {
    const file = join(directory, 'values.json');
    await writeFile(file, JSON.stringify(values));
    return await call([...[...files, file].map((each) => `--values=${each}`), ...flags]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The objects of a YAML file with one or more documents. */
export function parseManifests(text: string): readonly Manifest[] {
  return loadAll(text)
    .filter((document) => document !== null && document !== undefined)
    .map((document) => {
      if (!isManifest(document)) {
        throw new Error(`expected a Kubernetes object, found ${JSON.stringify(document)}`);
      }
      return document;
    });
}

function isManifest(value: unknown): value is Manifest {
  return (
    typeof fieldOf(value, 'apiVersion') === 'string' &&
    typeof fieldOf(value, 'kind') === 'string' &&
    typeof fieldOf(value, 'metadata.name') === 'string'
  );
}

/** The value at a path such as `spec.template.spec`; undefined if there is none. */
export function fieldOf(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Reflect.get(found, name);
  }
  return found;
}

/** The same for a list: its elements, none where there is none. */
export function listOf(value: unknown, path: string): readonly unknown[] {
  const found: unknown = fieldOf(value, path);
  return Array.isArray(found) ? found : [];
}

/** The only object of a kind (and a name). */
export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter(
    (each) => each.kind === kind && (name === undefined || each.metadata.name === name),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`expected one ${kind} ${name ?? ''}, found ${found.length}`);
  }
  return first;
}
