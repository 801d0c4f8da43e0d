import { hasRules } from '../../rules/rule-set.ts';
import type { Configuration } from './configuration.ts';
import type { Fault } from './fault.ts';
import type { LimitedFaults, OmittedFaults } from './repeated-faults.ts';

/** The result of reading a rules file. */
export interface LoadedConfiguration {
  /** Undefined if and only if a fault is an `error`. */
  readonly configuration: Configuration | undefined;
  /** In the order of the file; at least one of each kind. */
  readonly faults: readonly Fault[];
  /** Faults of the same kinds that are not in `faults`. */
  readonly omitted: readonly OmittedFaults[];
}

/** Why a configuration is rejected. */
export type RulesRejection = 'faults' | 'no rules';

export interface ConfigurationStoreOptions {
  readonly load: () => Promise<LoadedConfiguration>;
  /** A configuration becomes the current one. The faults are warnings, at start `broken` as well. */
  readonly onAccepted?: (configuration: Configuration, faults: LimitedFaults) => void;
  /** The file is rejected. The last valid configuration, if any, stays the current one. */
  readonly onRejected?: (faults: LimitedFaults, reason: RulesRejection) => void;
}

/** The result of a load. */
export interface LoadOutcome {
  readonly accepted: boolean;
  readonly faults: readonly Fault[];
}

export interface ConfigurationStore {
  /** The current configuration; undefined before the first valid load. */
  current(): Configuration | undefined;
  /**
   * Loads the file and, if it is valid, replaces the current configuration.
   *
   * The first load accepts `broken` rules and a file without rules, since a start that fails would not
   * help. Later loads reject them, since the last valid rules can stay in use: a file without rules is
   * probably incomplete.
   *
   * Loads never overlap. Calls during a load share one load that begins after it.
   */
  reload(): Promise<LoadOutcome>;
}

/** Holds the last valid configuration of a rules file. */
export function createConfigurationStore(options: ConfigurationStoreOptions): ConfigurationStore {
  let current: Configuration | undefined;
  let running: Promise<LoadOutcome> | undefined;
  let queued: Promise<LoadOutcome> | undefined;

  async function loadOnce(): Promise<LoadOutcome> {
    const { configuration, faults, omitted } = await loadOrFault(options.load);
    const limited = { shown: faults, omitted };
    const rejection = rejectionOf(configuration, faults, current);
    if (configuration === undefined || rejection !== undefined) {
      options.onRejected?.(limited, rejection ?? 'faults');
      return { accepted: false, faults };
    }
    current = configuration;
    options.onAccepted?.(configuration, limited);
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

function rejectionOf(
  configuration: Configuration | undefined,
  faults: readonly Fault[],
  current: Configuration | undefined,
): RulesRejection | undefined {
  if (configuration === undefined) return 'faults';
  if (current === undefined) return undefined;
  if (faults.some(({ severity }) => severity === 'broken')) return 'faults';
  return hasRules(current) && !hasRules(configuration) ? 'no rules' : undefined;
}

/** A load that throws, e.g. because memory is short, is rejected like a file with faults. */
async function loadOrFault(load: () => Promise<LoadedConfiguration>): Promise<LoadedConfiguration> {
  try {
    return await load();
  } catch (error) {
    const message = `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`;
    const place = { file: 'configuration', line: 0, column: 0, field: '' };
    const fault: Fault = { severity: 'error', ...place, message };
    return { configuration: undefined, faults: [fault], omitted: [] };
  }
}
