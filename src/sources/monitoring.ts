import type { MetricsRegistry } from '../telemetry/registry.ts';

/** Metrics of the rules file. */
export interface SourceMetrics {
  /** The rules file was loaded, or rejected. */
  configLoaded(isSuccessful: boolean): void;
  /** The number of rules in use. */
  rulesConfigured(api: 'custom' | 'external', count: number): void;
}

/** @param now the clock of the system, in milliseconds */
export function createSourceMetrics(
  registry: MetricsRegistry,
  now: () => number = Date.now,
): SourceMetrics {
  const successful = registry.gauge({
    name: 'config_last_reload_successful',
    help: 'Whether the last load of the rules file was successful.',
  });
  const timestamp = registry.gauge({
    name: 'config_last_reload_success_timestamp_seconds',
    help: 'Time of the last successful load of the rules file.',
  });
  const rules = registry.gauge({
    name: 'rules',
    help: 'Rules in use.',
    labels: { api: ['custom', 'external'] },
  });
  return {
    configLoaded(isSuccessful) {
      successful.set(isSuccessful ? 1 : 0);
      if (isSuccessful) timestamp.set(now() / 1000);
    },
    rulesConfigured: (api, count) => rules.set({ api }, count),
  };
}
