import type { AnswerSummary, LeftOutReason, OnAnswer } from '../../metrics/answer-summary.ts';
import type { ValueMetrics } from '../../metrics/monitoring.ts';
import { createRepeatLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** When the same line is logged again: an HPA sends a request every few seconds. */
const REPEAT_AFTER_MS = 10 * 60_000;

/** The number of metrics of which the last line is stored. */
const MAX_STORED_LINES = 1_000;

/**
 * Counts the samples that were not used, and logs requests that found fewer values than expected:
 * one line with the number of samples, why they were not used, and the queries.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createAnswerReport(
  log: Logger,
  metrics: ValueMetrics,
  now: () => number = () => performance.now(),
): OnAnswer {
  const limit = createRepeatLimit(REPEAT_AFTER_MS, MAX_STORED_LINES, now);

  return (summary) => {
    for (const [reason, count] of summary.leftOut) {
      metrics.samplesLeftOut(summary.api, reason, count);
    }
    const admitted = isIncomplete(summary) ? limit(kindOf(summary)) : undefined;
    if (admitted === undefined) return;
    const { queries } = summary;
    const fields = { ...(queries.length > 0 && { queries }), ...admitted };
    if (isRuleProblem(summary)) log.warn(lineOf(summary), fields);
    else log.info(lineOf(summary), fields);
  };
}

/** Whether a request found fewer values than expected, or a value that may be wrong. */
function isIncomplete({ samples, leftOut, objects }: AnswerSummary): boolean {
  if (leftOut.has('several_for_one_object')) return true;
  if (objects === undefined) return samples - countOf(leftOut) === 0;
  return objects.requested === 0 || objects.missing.count > 0;
}

/** Objects without samples may be new or deleted. Unusable samples are a problem of the rule. */
function isRuleProblem({ leftOut, objects }: AnswerSummary): boolean {
  const haveNoValues =
    objects !== undefined && objects.requested > 0 && objects.missing.count === objects.requested;
  return haveNoValues || leftOut.size > 0;
}

/** Equal for lines that report the same problem of a metric. */
function kindOf(summary: AnswerSummary): string {
  const { api, metric, namespace = '', leftOut } = summary;
  const reasons = [...leftOut.keys()].toSorted();
  return [api, metric, namespace, isRuleProblem(summary), ...reasons].join('\n');
}

function lineOf(summary: AnswerSummary): string {
  const { metric, namespace, samples, objects } = summary;
  const what = `${metric}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
  if (objects?.requested === 0) return `${what}: no object matches`;
  const missing = objects === undefined ? 'no values' : missingText(objects);
  const returned = `${samples} ${samples === 1 ? 'sample' : 'samples'} returned`;
  const leftOut = [...summary.leftOut].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const reasons = leftOut.map(([reason, count]) => leftOutText(reason, count, summary));
  return `${what}: ${missing}; ${[returned, ...reasons].join(', ')}`;
}

function missingText({ requested, missing }: NonNullable<AnswerSummary['objects']>): string {
  const { count, names, without } = missing;
  if (count === 0) return `${requested} of ${requested} objects have a value`;
  const some = `${names.join(', ')}${count > names.length ? ', ...' : ''}`;
  const usage =
    without === undefined ? '' : `, ${without.cpu} without CPU, ${without.memory} without memory`;
  return `${count} of ${requested} objects without a value (${some})${usage}`;
}

function leftOutText(reason: LeftOutReason, count: number, { objectLabel }: AnswerSummary): string {
  switch (reason) {
    case 'infinite':
      return `${count} infinite`;
    case 'label_missing':
      return `${count} without the label ${objectLabel ?? 'of an object'}`;
    case 'other_namespace':
      return `${count} for another namespace`;
    case 'other_object':
      return `${count} for another object`;
    case 'several_for_one_object':
      return `${count} more for the same object, only the last sample is used: aggregate by (<<.GroupBy>>) only`;
  }
}

function countOf(leftOut: AnswerSummary['leftOut']): number {
  return [...leftOut.values()].reduce((sum, count) => sum + count, 0);
}
