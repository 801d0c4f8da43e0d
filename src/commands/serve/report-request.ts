import type { AnsweredRequest } from '../../apiserver/app.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';

/** Puts every answered request into the log and the adapter's own metrics. */
export function createRequestReport(
  log: Logger,
  metrics: AdapterMetrics,
): () => (request: AnsweredRequest) => void {
  const limit = createLogLimit();
  return () => {
    const answered = metrics.apiRequestStarted();
    return ({ method, target, info, user, code, durationSeconds, error }) => {
      answered({
        verb: info?.verb ?? method.toLowerCase(),
        group: info?.isResource ? info.group : '',
        // The resource of an external metric is its name: too many for a label.
        resource: info?.isResource && info.group !== 'external.metrics.k8s.io' ? info.resource : '',
        code,
      });
      const fields = { method, target, user: user?.name, code, durationSeconds };
      if (code >= 500) logFailure({ ...fields, error });
      else log.verbose(4, 'request', error === undefined ? fields : { ...fields, error });
    };
  };

  /** Where requests are logged one and all, so are those that fail. */
  function logFailure(fields: Record<string, unknown>): void {
    const admitted = log.enabled(4) ? {} : limit();
    if (admitted !== undefined) log.error('a request failed', { ...fields, ...admitted });
  }
}
