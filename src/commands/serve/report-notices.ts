import type { AnswerNotices } from '../../prometheus/client/notices.ts';
import type { PrometheusEndpoint } from '../../prometheus/client/options.ts';
import type { PrometheusMetrics } from '../../prometheus/monitoring.ts';
import { createRepeatLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** When the same notice is logged again. */
const REPEAT_AFTER_MS = 10 * 60_000;
const MAX_STORED_LINES = 1_000;

/** Characters of a query. */
const MAX_QUERY_LENGTH = 1_000;

/** A response with its notices. */
export interface NoticedAnswer {
  readonly endpoint: PrometheusEndpoint;
  readonly expression: string;
  /** `partial`: it was not used because it is partial. */
  readonly outcome: string;
  readonly notices: AnswerNotices;
}

/**
 * Counts and logs the notices in responses of Prometheus. The same text is logged at most once in ten
 * minutes, with one of its queries.
 *
 * @param now a clock in milliseconds that never goes back
 */
export function createNoticeReport(
  log: Logger,
  metrics: PrometheusMetrics,
  now: () => number = () => performance.now(),
): (answer: NoticedAnswer) => void {
  const limit = createRepeatLimit(REPEAT_AFTER_MS, MAX_STORED_LINES, now);

  function admitted(endpoint: string, notice: string): object | undefined {
    // The position in the query does not matter.
    return limit(`${endpoint} ${notice.replace(/ \(\d+:\d+\)$/, '')}`);
  }

  return ({ endpoint, expression, outcome, notices: { partial, annotations } }) => {
    const of = { endpoint, expression: expression.slice(0, MAX_QUERY_LENGTH) };
    const [missing] = partial;
    if (missing !== undefined) {
      metrics.responseWarning(endpoint, 'partial');
      const fields = admitted(endpoint, missing);
      const what = outcome === 'partial' ? 'is not used' : 'is used';
      if (fields) {
        const others = partial.length > 1 ? { andOthers: partial.length - 1 } : {};
        const message = `a response of Prometheus is partial and ${what}`;
        log.warn(message, { ...of, warning: missing, ...others, ...fields });
      }
    }
    if (annotations.length > 0) metrics.responseWarning(endpoint, 'annotation');
    for (const annotation of annotations) {
      const fields = admitted(endpoint, annotation);
      if (fields)
        log.info('Prometheus returned an annotation for a query', { ...of, annotation, ...fields });
    }
  };
}
