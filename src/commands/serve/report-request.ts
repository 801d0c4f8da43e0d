import type { MetricsContext } from '../../apis/metrics-api.ts';
import type { RequestObserver } from '../../apiserver/app.ts';
import type { ApiserverMetrics } from '../../apiserver/monitoring.ts';
import type { NeededQuery, OnQuery, QueryEnd } from '../../prometheus/query.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** The level from which all requests are logged with their queries. */
const QUERY_LEVEL = 6;

/** The first queries are logged: metrics of pods can need one for each namespace. */
const MAX_QUERIES = 10;

/** Logs each API request, and exports it as metrics. */
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
        // The resource of an external metric is its name, which would be too many label values.
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
        ...(isFailure || log.enabled(QUERY_LEVEL) ? { queries: loggableQueries(queries) } : {}),
      };
      if (isFailure) logFailure({ ...fields, error });
      // A response such as 404 needs no stack trace.
      else log.verbose(4, 'request', withErrorText(fields, error));
    };
    return { context: { onQuery }, onAnswered };
  };

  /** Without a rate limit at the levels that log all requests. */
  function logFailure(fields: Record<string, unknown>): void {
    const admitted = log.enabled(4) ? {} : limit();
    if (admitted !== undefined) log.error('a request failed', { ...fields, ...admitted });
  }
}

/**
 * A failed health check is not an error: `/readyz` fails at each start until the first relist, and the
 * kubelet requests it every few seconds.
 */
function isHealthCheck(target: string): boolean {
  return /^\/(healthz|livez|readyz)(?![^/?])/.test(target);
}

function withErrorText(fields: Record<string, unknown>, error: unknown): Record<string, unknown> {
  return error === undefined ? fields : { ...fields, error: errorText(error) };
}

/** The queries for the log, with the source and the outcome of each. */
function loggableQueries(queries: readonly RequestQuery[]): readonly object[] {
  return queries.slice(0, MAX_QUERIES).map(({ promql, scope, source, end }) => ({
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
