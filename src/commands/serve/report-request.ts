import type { MetricsContext } from '../../apis/metrics-api.ts';
import type { RequestObserver } from '../../apiserver/app.ts';
import type { ApiserverMetrics } from '../../apiserver/monitoring.ts';
import type { NeededQuery, OnQuery, QueryEnd } from '../../prometheus/query.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** From this level on the log has the queries of requests that did not fail, too. */
const QUERIES = 6;

/** Of more queries those that come first are told: metrics of pods can take one for each namespace. */
const MOST_QUERIES = 10;

/** Puts every answered request into the log and the adapter's own metrics. */
export function createRequestReport(
  log: Logger,
  metrics: ApiserverMetrics,
): () => RequestObserver<MetricsContext> {
  const limit = createLogLimit();
  return () => {
    const { onQuery, list } = collectQueries();
    const answered = metrics.apiRequestStarted();
    const onAnswered: RequestObserver<MetricsContext>['onAnswered'] = (request) => {
      const { method, target, info, servedGroup, user, code, durationSeconds, error } = request;
      const queries = list();
      answered({
        verb: info?.verb ?? method.toLowerCase(),
        group: info?.isResource ? servedGroup : '',
        // The resource of an external metric is its name: too many for a label.
        resource: info?.isResource && info.group !== 'external.metrics.k8s.io' ? info.resource : '',
        code,
      });
      const isFailure = code >= 500 && !isHealthCheck(target);
      const fields = {
        method,
        target,
        user: user?.name,
        code,
        durationSeconds,
        queryCount: queries.length,
        ...(isFailure || log.enabled(QUERIES) ? { queries: loggableQueries(queries) } : {}),
      };
      if (isFailure) logFailure({ ...fields, error });
      // An answer such as 404 is no fault of the program: where it was made says nothing.
      else log.verbose(4, 'request', withText(fields, error));
    };
    return { context: { onQuery }, onAnswered };
  };

  /** Where requests are logged one and all, so are those that fail. */
  function logFailure(fields: Record<string, unknown>): void {
    const admitted = log.enabled(4) ? {} : limit();
    if (admitted !== undefined) log.error('a request failed', { ...fields, ...admitted });
  }
}

/**
 * A health check that fails is an answer like any other: at every start `/readyz` does until the
 * first relist, and the probes of the kubelet ask for it every few seconds.
 */
function isHealthCheck(target: string): boolean {
  return /^\/(healthz|livez|readyz)(?![^/?])/.test(target);
}

function withText(fields: Record<string, unknown>, error: unknown): Record<string, unknown> {
  return error === undefined ? fields : { ...fields, error: errorText(error) };
}

/** The queries for the log, with the source and the outcome of each. */
function loggableQueries(queries: readonly RequestQuery[]): readonly object[] {
  return queries.slice(0, MOST_QUERIES).map(({ promql, scope, source, end }) => ({
    promql,
    scope,
    source,
    durationSeconds: end?.durationSeconds,
    outcome: outcomeOf(end),
    error: end?.error,
  }));
}

function outcomeOf(end: RequestQuery['end']): string {
  if (end === undefined) return 'in flight';
  return end.error === undefined ? 'success' : 'failure';
}

/** A query that a request needed. */
interface RequestQuery extends NeededQuery {
  /** Undefined if the query has not ended yet. */
  readonly end: QueryEnd | undefined;
}

/** The queries of one request. */
interface RequestQueries {
  readonly onQuery: OnQuery;
  /** Those so far, in the order in which they were needed. */
  list(): readonly RequestQuery[];
}

function collectQueries(): RequestQueries {
  const queries: { readonly query: NeededQuery; end: QueryEnd | undefined }[] = [];
  return {
    onQuery(query) {
      const entry: (typeof queries)[number] = { query, end: undefined };
      queries.push(entry);
      return (end) => {
        entry.end = end;
      };
    },
    list: () => queries.map(({ query, end }) => ({ ...query, end })),
  };
}
