import { Counter, Gauge, type Registry } from 'prom-client';
import type { PrometheusEndpoint } from './metrics.ts';

/** `partial`: the answer lacks a part; `annotation`: PromQL noted something about the query. */
export type AnswerNotice = 'partial' | 'annotation';

/** What Prometheus's answers say besides their data. */
export interface AnswerMetrics {
  /** An answer had a notice of this kind, or several. */
  answerNoticed(endpoint: PrometheusEndpoint, notice: AnswerNotice): void;
  /** By how many seconds the clock of Prometheus is ahead of ours. */
  prometheusClockOffset(seconds: number): void;
}

const ENDPOINTS = ['query', 'series', 'labels', 'label_values'] as const;
const NOTICES = ['partial', 'annotation'] as const;

/** @param prefix what the names of all metrics begin with */
export function answerMetrics(registry: Registry, prefix: string): AnswerMetrics {
  const notices = new Counter({
    name: `${prefix}prometheus_answer_notices_total`,
    help: 'Answers of Prometheus that lack a part, as they say (partial), or with notes of PromQL about the query (annotation).',
    labelNames: ['endpoint', 'notice'],
    registers: [registry],
  });
  const offset = new Gauge({
    name: `${prefix}prometheus_clock_offset_seconds`,
    help: "By how many seconds the clock of Prometheus is ahead of the adapter's, by the Date header of its last answer; 0 where both may agree.",
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
