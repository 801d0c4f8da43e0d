import { Counter, Gauge, type Registry } from 'prom-client';
import type { PrometheusEndpoint } from './metrics.ts';

/** `partial`: the response is partial; `annotation`: it has a PromQL annotation. */
export type AnswerNotice = 'partial' | 'annotation';

/** Metrics of notices in responses of Prometheus, and of its clock. */
export interface AnswerMetrics {
  /** A response had one or more notices of this kind. */
  answerNoticed(endpoint: PrometheusEndpoint, notice: AnswerNotice): void;
  /** The number of seconds by which the clock of Prometheus is ahead. */
  prometheusClockOffset(seconds: number): void;
}

const ENDPOINTS = ['query', 'series', 'labels', 'label_values'] as const;
const NOTICES = ['partial', 'annotation'] as const;

/** @param prefix of the names of all metrics */
export function answerMetrics(registry: Registry, prefix: string): AnswerMetrics {
  const notices = new Counter({
    name: `${prefix}prometheus_answer_notices_total`,
    help: 'Responses of Prometheus that are partial (partial) or have PromQL annotations (annotation).',
    labelNames: ['endpoint', 'notice'],
    registers: [registry],
  });
  const offset = new Gauge({
    name: `${prefix}prometheus_clock_offset_seconds`,
    help: 'Seconds by which the clock of Prometheus is ahead of that of the adapter, from the Date header of the last response; 0 if no difference can be measured.',
    registers: [registry],
  });
  for (const endpoint of ENDPOINTS) {
    for (const notice of NOTICES) notices.inc({ endpoint, notice }, 0);
  }
  return {
    answerNoticed: (endpoint, notice) => notices.inc({ endpoint, notice }),
    prometheusClockOffset: (seconds) => offset.set(seconds),
  };
}
