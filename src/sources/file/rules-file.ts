import type { ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { MAX_FILE_BYTES, readBounded } from '../../files/bounded-read.ts';
import { type FileWatch, watchFile } from '../../files/watch.ts';
import type { RuleSource } from '../rule-source.ts';
import {
  type ConfigurationStore,
  type ConfigurationStoreOptions,
  createConfigurationStore,
  type LoadedConfiguration,
} from './configuration-store.ts';
import { canBeReadAgain } from './load.ts';
import { createRulesReader, type RulesReader } from './rules-reader.ts';

/** The resources that the rules may name. */
export interface KnownResources {
  /** The last known resources of the cluster. */
  mapper(): ResourceMapper;
  /** Whether the mapper may lack resources that exist. */
  mayLackResources(): boolean;
  /** Updates the mapper; never rejects. */
  refresh(): Promise<void>;
  /** Adds a listener that is called after each change of the mapper. */
  onChange(listener: () => void): void;
}

export interface RulesFileOptions
  extends Required<Pick<ConfigurationStoreOptions, 'onAccepted' | 'onRejected'>> {
  readonly path: string;
  readonly resources: KnownResources;
  /** Whether queries must be PromQL. */
  readonly checkPromql: boolean;
  /** How often the file is read in addition to watching it, in milliseconds; 0: never. */
  readonly pollIntervalMs: number;
  /** The file system does not report changes at the moment; the file is still polled. */
  readonly onUnwatched: (error: Error) => void;
}

/**
 * Reads a rules file and watches it. A file that is rejected is read again when the resources of the
 * cluster change, since the edit may name a custom resource that is installed later.
 *
 * @returns undefined if the file is rejected
 */
export async function openRulesFile(options: RulesFileOptions): Promise<RuleSource | undefined> {
  const { path, resources, onAccepted, onRejected } = options;
  const listeners: (() => void)[] = [];
  let isRejected = false;
  const reader = createRulesReader();
  const store = createConfigurationStore({
    load() {
      // The load refreshes the resources: this must not start the next load.
      isRejected = false;
      return load(reader, options);
    },
    onAccepted(configuration, faults) {
      onAccepted(configuration, faults);
      for (const listener of listeners) listener();
    },
    onRejected(faults, reason) {
      isRejected = true;
      onRejected(faults, reason);
    },
  });
  // Read before the load, so that the watch detects an edit between the two.
  const known = await contentOf(path);
  await store.reload();
  const first = store.current();
  if (first === undefined) return undefined;
  resources.onChange(() => {
    if (isRejected) void store.reload();
  });
  const watch = watchRules(store, options, known);
  return {
    current: () => store.current() ?? first,
    onChange: (listener) => void listeners.push(listener),
    reload: () => watch.trigger(),
    close() {
      watch.close();
      reader.close();
    },
  };
}

async function contentOf(path: string): Promise<Uint8Array | undefined> {
  if (!(await canBeReadAgain(path))) return undefined;
  return readBounded(path, MAX_FILE_BYTES).catch(() => undefined);
}

/** Reads and checks the file. If it has errors, refreshes the resources and retries once. */
async function load(
  reader: RulesReader,
  { path, resources, checkPromql }: RulesFileOptions,
): Promise<LoadedConfiguration> {
  const read = (): Promise<LoadedConfiguration> =>
    reader.read(path, {
      mapper: resources.mapper(),
      checkPromql,
      unknownResource: resources.mayLackResources() ? 'warning' : 'error',
    });
  const before = resources.mapper();
  const outcome = await read();
  if (outcome.configuration !== undefined) return outcome;
  await resources.refresh();
  return resources.mapper() === before ? outcome : read();
}

function watchRules(
  store: ConfigurationStore,
  { path, pollIntervalMs, onUnwatched }: RulesFileOptions,
  known: Uint8Array | undefined,
): FileWatch {
  return watchFile(path, () => void store.reload(), {
    ...(known && { known }),
    poll: pollIntervalMs,
    onProblem(error, of) {
      // The load reports a file that cannot be read, as any other fault.
      if (of === 'reading') void store.reload();
      else onUnwatched(error);
    },
  });
}
