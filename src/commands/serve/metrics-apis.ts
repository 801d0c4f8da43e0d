import { customMetricsApi } from '../../apis/custom/registration.ts';
import { externalMetricsApi } from '../../apis/external/registration.ts';
import type { MetricsContext } from '../../apis/metrics-api.ts';
import { resourceMetricsApi } from '../../apis/resource/registration.ts';
import {
  type ApiRegistration,
  unavailableWhile,
} from '../../apiserver/registration/api-registration.ts';
import type { RelistLoop } from '../../catalog/relist.ts';
import { createCustomMetrics } from '../../metrics/custom.ts';
import { createExternalMetrics } from '../../metrics/external.ts';
import { createResourceMetrics } from '../../metrics/resource.ts';
import type { RuleSource } from '../../sources/rule-source.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Cluster } from './cluster.ts';
import { initialDiscoveryProblem } from './discovery.ts';
import type { Monitoring } from './monitoring.ts';
import type { ConnectedServers } from './prometheus.ts';
import { createAnswerReport } from './report-answers.ts';

/** The APIs to serve: those with rules. */
export function metricsApis(
  servers: ConnectedServers,
  cluster: Cluster,
  rules: RuleSource,
  relist: RelistLoop,
  log: Logger,
  metrics: Monitoring,
): () => readonly ApiRegistration<MetricsContext>[] {
  const { mapper, objects } = cluster;
  const { catalog } = relist;
  const onAnswer = createAnswerReport(log, metrics);
  const custom = createCustomMetrics({ catalog, mapper, objects, servers, onAnswer });
  const external = createExternalMetrics({ catalog, servers, onAnswer });
  const resource = createResourceMetrics({
    rules: () => rules.current().resource,
    mapper,
    objects: cluster.metadata,
    servers,
    onAnswer,
  });
  const afterDiscovery = (api: ApiRegistration<MetricsContext>) =>
    unavailableWhile(() => initialDiscoveryProblem(relist), api);
  const customApi = afterDiscovery(customMetricsApi(catalog, custom));
  const externalApi = afterDiscovery(externalMetricsApi(catalog, external));
  const resourceApi = resourceMetricsApi(resource, Date.now);
  return () => [
    ...(rules.current().custom.length > 0 ? [customApi] : []),
    ...(rules.current().external.length > 0 ? [externalApi] : []),
    ...(rules.current().resource !== undefined ? [resourceApi] : []),
  ];
}
