import type { ServeOptions } from '../../cli/serve-options.ts';
import { MAX_FILE_BYTES, readBounded } from '../../files/bounded-read.ts';
import { watchFile } from '../../files/watch.ts';
import type { Configuration } from '../../sources/file/configuration.ts';
import { formatFault } from '../../sources/file/fault.ts';
import { canBeReadAgain } from '../../sources/file/load.ts';
import {
  type ConfigurationStore,
  createConfigurationStore,
  type LoadedConfiguration,
} from '../../sources/file/reload.ts';
import type { LimitedFaults } from '../../sources/file/repeated-faults.ts';
import { createRulesReader, type RulesReader } from '../../sources/file/rules-reader.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';
import type { Cluster } from './cluster.ts';

/** The rules that are in force. */
export interface Rules {
  current(): Configuration;
  /** Reads the file now, as on SIGHUP. */
  reload(): void;
  close(): void;
}

/**
 * Reads the rules file and watches it.
 *
 * @param onAccepted called after each accepted edit
 * @returns undefined where the file cannot be taken; its faults are in the log
 */
export async function followRules(
  options: ServeOptions,
  cluster: Cluster,
  log: Logger,
  metrics: AdapterMetrics,
  onAccepted: () => void,
): Promise<Rules | undefined> {
  const { configFile } = options;
  let started = false;
  let refused = false;
  const reader = createRulesReader();
  const store = createConfigurationStore({
    load() {
      refused = false;
      return load(reader, options, cluster);
    },
    onAccepted(configuration, faults) {
      logFaults(log, faults);
      log.info('rules loaded', summaryOf(configFile, configuration));
      metrics.configLoaded(true);
      metrics.rulesConfigured('custom', configuration.custom.length);
      metrics.rulesConfigured('external', configuration.external.length);
      if (started) onAccepted();
    },
    onRefused(faults, reason) {
      refused = true;
      logFaults(log, faults);
      metrics.configLoaded(false);
      if (started) {
        log.error('the rules file is rejected; the last valid rules stay in use', {
          file: configFile,
          ...(reason === 'no rules' && {
            reason: 'the file has no rules: expected rules, externalRules or resourceRules',
          }),
        });
      }
    },
  });
  // Read before the load, so that an edit between the two is seen as one.
  const known = (await canBeReadAgain(configFile))
    ? await readBounded(configFile, MAX_FILE_BYTES).catch(() => undefined)
    : undefined;
  await store.reload();
  started = true;
  if (store.current() === undefined) return undefined;
  // What is missing may be there now: the definition of a custom resource that came with the edit.
  cluster.onChange(() => {
    if (refused) void store.reload();
  });
  return watchRules(store, options, known, reader, log);
}

/**
 * Reads the file and holds it against the cluster; where it is refused, once more against the
 * resources that the cluster has now.
 */
async function load(
  reader: RulesReader,
  options: ServeOptions,
  cluster: Cluster,
): Promise<LoadedConfiguration> {
  const read = (): Promise<LoadedConfiguration> =>
    reader.read(options.configFile, {
      mapper: cluster.mapper(),
      checkPromql: options.checkPromql,
      unknownResource: cluster.mayLackResources() ? 'warning' : 'error',
    });
  const before = cluster.mapper();
  const outcome = await read();
  if (outcome.configuration !== undefined) return outcome;
  await cluster.refresh();
  return cluster.mapper() === before ? outcome : read();
}

function watchRules(
  store: ConfigurationStore,
  { configFile: file, configPollInterval }: ServeOptions,
  known: Uint8Array | undefined,
  reader: RulesReader,
  log: Logger,
): Rules {
  const watch = watchFile(file, () => void store.reload(), {
    ...(known && { known }),
    poll: configPollInterval,
    onProblem(error, of) {
      // What cannot be read is refused like any other edit, and told of as one.
      if (of === 'reading') void store.reload();
      else log.warn('the rules file cannot be watched now; it is still read', { file, error });
    },
  });
  return {
    current() {
      const configuration = store.current();
      if (configuration === undefined) throw new Error('rules that were taken are gone');
      return configuration;
    },
    reload: () => watch.trigger(),
    close() {
      watch.close();
      reader.close();
    },
  };
}

function logFaults(log: Logger, { shown, omitted }: LimitedFaults): void {
  for (const fault of shown) {
    if (fault.severity === 'warning') log.warn(formatFault(fault));
    else log.error(formatFault(fault));
  }
  for (const { like, count } of omitted) {
    log.warn('more faults of one kind are not logged; `check` prints them all', {
      count,
      severity: like.severity,
      like: like.message,
    });
  }
}

function summaryOf(file: string, configuration: Configuration): Record<string, unknown> {
  const { custom, external, resource } = configuration;
  return {
    file,
    rules: custom.length,
    externalRules: external.length,
    resourceRules: resource !== undefined,
  };
}
