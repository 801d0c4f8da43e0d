import { hasRules } from '../../rules/rule-set.ts';
import type { Configuration } from './configuration.ts';
import type { Fault } from './fault.ts';
import type { LimitedFaults, OmittedFaults } from './repeated-faults.ts';

/** What was read of a rules file. */
export interface LoadedConfiguration {
  /** Undefined exactly where a fault is an `error`. */
  readonly configuration: Configuration | undefined;
  /** In the order of the file; at least one of each kind. */
  readonly faults: readonly Fault[];
  /** Those that repeat others. */
  readonly omitted: readonly OmittedFaults[];
}

/** Why a configuration is rejected. */
export type RefusalReason = 'faults' | 'no rules';

export interface ConfigurationStoreOptions {
  readonly load: () => Promise<LoadedConfiguration>;
  /** A configuration has become the current one; the faults are warnings, at the start also `broken`. */
  readonly onAccepted?: (configuration: Configuration, faults: LimitedFaults) => void;
  /** What was loaded was not taken; the last good configuration, if any, stays current. */
  readonly onRefused?: (faults: LimitedFaults, reason: RefusalReason) => void;
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
   * The first load accepts `broken` rules and a file without rules, since a start that fails would not
   * help. Later loads reject them, since the last valid rules can stay in use: a file without rules is
   * probably incomplete.
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
    const { configuration, faults, omitted } = await loadOrFault(options.load);
    const limited = { shown: faults, omitted };
    const refusal = refusalOf(configuration, faults, current);
    if (configuration === undefined || refusal !== undefined) {
      options.onRefused?.(limited, refusal ?? 'faults');
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

function refusalOf(
  configuration: Configuration | undefined,
  faults: readonly Fault[],
  current: Configuration | undefined,
): RefusalReason | undefined {
  if (configuration === undefined) return 'faults';
  if (current === undefined) return undefined;
  if (faults.some(({ severity }) => severity === 'broken')) return 'faults';
  return hasRules(current) && !hasRules(configuration) ? 'no rules' : undefined;
}

/** A load that throws is a fault of this program or of the machine: refused like any other. */
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
