import type { MetricsRegistry } from '../telemetry/registry.ts';
import type { AnswerSummary, LeftOutReason } from './answer-summary.ts';

/** Metrics of the values that requests get. */
export interface ValueMetrics {
  samplesLeftOut(api: AnswerSummary['api'], reason: LeftOutReason, count: number): void;
}

const APIS = ['custom', 'external', 'resource'] as const satisfies readonly AnswerSummary['api'][];
const REASONS = [
  'infinite',
  'label_missing',
  'other_namespace',
  'other_object',
  'several_for_one_object',
] as const satisfies readonly LeftOutReason[];

export function createValueMetrics(registry: MetricsRegistry): ValueMetrics {
  const leftOut = registry.counter({
    name: 'samples_dropped_total',
    help: 'Samples returned by Prometheus that were not used, by reason.',
    labels: { api: APIS, reason: REASONS },
  });
  return { samplesLeftOut: (api, reason, count) => leftOut.inc({ api, reason }, count) };
}
