import type { ServeOptions } from '../../cli/serve/serve-options.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import type { RulesRejection } from '../../sources/file/configuration-store.ts';
import { formatFault } from '../../sources/file/fault.ts';
import type { LimitedFaults } from '../../sources/file/repeated-faults.ts';
import { openRulesFile } from '../../sources/file/rules-file.ts';
import type { SourceMetrics } from '../../sources/monitoring.ts';
import { mergeSources, type RuleSource } from '../../sources/rule-source.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Cluster } from './cluster.ts';

/**
 * Opens all sources of rules. Logs each load, and exports it as metrics.
 *
 * @returns undefined if the rules file is rejected; its faults are in the log
 */
export async function openRules(
  options: ServeOptions,
  cluster: Cluster,
  log: Logger,
  metrics: SourceMetrics,
): Promise<RuleSource | undefined> {
  const path = options.configFile;
  let isFirst = true;
  const file = await openRulesFile({
    path,
    resources: cluster,
    checkPromql: options.checkPromql,
    pollIntervalMs: options.configPollIntervalMs,
    onAccepted(rules, faults) {
      logFaults(log, faults);
      log.info('rules loaded', summaryOf(path, rules));
      metrics.configLoaded(true);
      metrics.rulesConfigured('custom', rules.custom.length);
      metrics.rulesConfigured('external', rules.external.length);
    },
    onRejected(faults, reason) {
      logFaults(log, faults);
      metrics.configLoaded(false);
      if (!isFirst) logRejection(log, path, reason);
    },
    onUnwatched(error) {
      log.warn('cannot watch the rules file, polling it', { file: path, error });
    },
  });
  isFirst = false;
  return file && mergeSources([file]);
}

function logRejection(log: Logger, file: string, reason: RulesRejection): void {
  log.error('rules file rejected, keeping the last valid version', {
    file,
    ...(reason === 'no rules' && {
      reason: 'the file has no rules: expected rules, externalRules or resourceRules',
    }),
  });
}

function logFaults(log: Logger, { shown, omitted }: LimitedFaults): void {
  for (const fault of shown) {
    if (fault.severity === 'warning') log.warn(formatFault(fault));
    else log.error(formatFault(fault));
  }
  for (const { like, count } of omitted) {
    log.warn('more diagnostics of one kind are not logged; `check` prints them all', {
      count,
      severity: like.severity,
      like: like.message,
    });
  }
}

function summaryOf(file: string, { custom, external, resource }: RuleSet): Record<string, unknown> {
  return {
    file,
    rules: custom.length,
    externalRules: external.length,
    resourceRules: resource !== undefined,
  };
}
