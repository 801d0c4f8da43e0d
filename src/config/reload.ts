import type { Configuration, ReadConfiguration } from './configuration.ts';
import type { Fault } from './fault.ts';

export interface ConfigurationStoreOptions {
  readonly load: () => Promise<ReadConfiguration>;
  /** A configuration has become the current one; the faults are warnings, at the start also `broken`. */
  readonly onAccepted?: (configuration: Configuration, faults: readonly Fault[]) => void;
  /** What was loaded was not taken; the last good configuration, if any, stays current. */
  readonly onRefused?: (faults: readonly Fault[]) => void;
}

/** What came of a load. */
export interface LoadOutcome {
  readonly accepted: boolean;
  readonly faults: readonly Fault[];
}

export interface ConfigurationStore {
  /** The current configuration; undefined before the first good load. */
  current(): Configuration | undefined;
  /**
   * Loads and, where the load is good, changes the current configuration.
   *
   * The first good load takes rules that are `broken`, for nothing is won by serving nothing at all.
   * Later ones do not, for then the last good rules can go on.
   *
   * Loads never overlap: one that is asked for during another begins after it, and however many ask
   * meanwhile, one load answers them all.
   */
  reload(): Promise<LoadOutcome>;
}

/** Keeps the current configuration and the last good one current. */
export function createConfigurationStore(options: ConfigurationStoreOptions): ConfigurationStore {
  let current: Configuration | undefined;
  let running: Promise<LoadOutcome> | undefined;
  let queued: Promise<LoadOutcome> | undefined;

  async function loadOnce(): Promise<LoadOutcome> {
    const { configuration, faults } = await loadOrFault(options.load);
    const isBroken = faults.some(({ severity }) => severity === 'broken');
    if (configuration === undefined || (isBroken && current !== undefined)) {
      options.onRefused?.(faults);
      return { accepted: false, faults };
    }
    current = configuration;
    options.onAccepted?.(configuration, faults);
    return { accepted: true, faults };
  }

  function start(): Promise<LoadOutcome> {
    running = loadOnce().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    current: () => current,
    reload() {
      if (running === undefined) return start();
      queued ??= running
        .catch(() => undefined)
        .then(() => {
          queued = undefined;
          return start();
        });
      return queued;
    },
  };
}

/** A load that throws is a fault of this program or of the machine: refused like any other. */
async function loadOrFault(load: () => Promise<ReadConfiguration>): Promise<ReadConfiguration> {
  try {
    return await load();
  } catch (error) {
    const message = `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
    const place = { file: 'configuration', line: 0, column: 0, field: '' };
    return { configuration: undefined, faults: [{ severity: 'error', ...place, message }] };
  }
}
