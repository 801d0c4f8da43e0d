import { type RelistLoop, startRelistLoop } from '../../catalog/relist.ts';
import type { RelistFlags } from '../../cli/serve/serve-options.ts';
import type { RuleSource } from '../../sources/rule-source.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Cluster } from './cluster.ts';
import type { Monitoring } from './monitoring.ts';
import type { ConnectedServers } from './prometheus.ts';
import { createRelistReport } from './report-relist.ts';

/**
 * Starts the relist loop. It also relists when the rules change and when Prometheus is available again,
 * and rebuilds the catalog when the resources of the cluster change.
 */
export function startDiscovery(
  options: RelistFlags,
  prometheus: ConnectedServers,
  cluster: Cluster,
  rules: RuleSource,
  log: Logger,
  metrics: Monitoring,
): RelistLoop {
  const relist = startRelistLoop(
    {
      servers: prometheus,
      rules: rules.current,
      mapper: cluster.mapper,
      now: Date.now,
      onRelist: createRelistReport(log, metrics, rules.current),
      onFault(error) {
        metrics.uncaughtError();
        log.error('cannot build the catalog, keeping the last one', { error });
      },
    },
    options,
  );
  rules.onChange(() => void relist.relist());
  cluster.onChange(() => void relist.rebuild());
  prometheus.onAvailable(() => void relist.retryFailed());
  return relist;
}

/** Why discovered metrics are not available yet; undefined if they are. */
export function initialDiscoveryProblem(relist: RelistLoop): string | undefined {
  return relist.hasListed() ? undefined : 'initial discovery has not finished';
}
