import { type ApiserverMetrics, createApiserverMetrics } from '../../apiserver/monitoring.ts';
import { type CatalogMetrics, createCatalogMetrics } from '../../catalog/monitoring.ts';
import type { ObjectIndexMetrics } from '../../kubernetes/monitoring.ts';
import { createKubernetesMetrics } from '../../kubernetes/monitoring.ts';
import { createValueMetrics, type ValueMetrics } from '../../metrics/monitoring.ts';
import { createPrometheusMetrics, type PrometheusMetrics } from '../../prometheus/monitoring.ts';
import { createSourceMetrics, type SourceMetrics } from '../../sources/monitoring.ts';
import { createMetricsRegistry, type MetricsRegistry } from '../../telemetry/registry.ts';
import { version } from '../../version.ts';

/** The adapter's own metrics: those of all rooms, in one registry. */
export interface Monitoring
  extends ApiserverMetrics,
    CatalogMetrics,
    ObjectIndexMetrics,
    PrometheusMetrics,
    SourceMetrics,
    UncaughtErrorMetrics,
    ValueMetrics,
    Pick<MetricsRegistry, 'render'> {}

export interface UncaughtErrorMetrics {
  uncaughtError(): void;
}

export function createMonitoring(): Monitoring {
  const registry = createMetricsRegistry(version);
  const uncaughtErrors = registry.counter({
    name: 'uncaught_errors_total',
    help: 'Uncaught errors, which are bugs of the adapter; the log has them.',
  });
  return {
    ...createApiserverMetrics(registry),
    ...createCatalogMetrics(registry),
    ...createKubernetesMetrics(registry),
    ...createPrometheusMetrics(registry),
    ...createSourceMetrics(registry),
    ...createValueMetrics(registry),
    uncaughtError: () => uncaughtErrors.inc(),
    render: registry.render,
  };
}
