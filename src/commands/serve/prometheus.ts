import { prometheusFlags } from '../../cli/serve/prometheus-flags.ts';
import type { PrometheusOptions as PrometheusFlags } from '../../cli/serve/serve-options.ts';
import { tellRefusedKeys } from '../../metrics/quoted-label-keys.ts';
import { PrometheusError, type PrometheusErrorKind } from '../../prometheus/client/errors.ts';
import { scopeOfFailure } from '../../prometheus/guard/failure-classification.ts';
import { createGuardedClient, type GuardedClient } from '../../prometheus/guard/guard.ts';
import type { PrometheusMetrics } from '../../prometheus/monitoring.ts';
import type { QueryRunner } from '../../prometheus/sharing/query-runner.ts';
import { createQuerySharing } from '../../prometheus/sharing/share.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { kubeconfigIdentity } from './prometheus-identity.ts';
import { createClockReport } from './report-clock.ts';
import { createNoticeReport } from './report-notices.ts';
import { createOutageReport } from './report-outage.ts';

/** The client for the Prometheus of the flags. Throws PrometheusOptionsError, ClusterAccessError. */
export async function connectPrometheus(
  flags: PrometheusFlags,
  log: Logger,
  metrics: PrometheusMetrics,
): Promise<GuardedClient> {
  const { credentials } = flags;
  const reportNotices = createNoticeReport(log, metrics);
  return createGuardedClient({
    url: flags.url,
    verb: flags.verb,
    headers: flags.headers.map(({ name, value }) => `${name}=${value}`),
    ...(flags.tokenFile !== undefined && { tokenFile: flags.tokenFile }),
    ...(flags.caFile !== undefined && { caFile: flags.caFile }),
    ...(flags.clientCertificateFile !== undefined && {
      clientCertFile: flags.clientCertificateFile,
    }),
    ...(flags.clientKeyFile !== undefined && { clientKeyFile: flags.clientKeyFile }),
    insecureSkipVerify: flags.insecureSkipVerify,
    inCluster: credentials.from === 'service account',
    ...(credentials.from === 'kubeconfig' && {
      identity: await kubeconfigIdentity(credentials.file),
    }),
    queryTimeoutMs: flags.timeout,
    maxAnswerBytes: flags.maxAnswerSize,
    maxAnswerMemory: flags.maxAnswerMemory ?? tenthOfMemory(process.constrainedMemory()),
    connectTimeoutMs: flags.connectTimeout,
    // Who asks is limited: queries by the queue, the others by --relist-concurrency. A request that
    // waited for a connection would look like one that is not answered.
    maxConnections: Number.POSITIVE_INFINITY,
    maxConcurrency: flags.maxConcurrency,
    maxQueued: flags.maxQueued,
    stallTimeoutMs: flags.stallTimeout,
    observer: createOutageReport(log, metrics),
    partialAnswers: flags.partialAnswers,
    onClockOffset: createClockReport(log, metrics),
    onRequest: ({ endpoint, asked, durationSeconds, outcome, bytes, notices }) => {
      metrics.prometheusRequest(endpoint, outcome, durationSeconds);
      metrics.prometheusAnswered(endpoint, bytes);
      // The log has a query with the request that needed it, too.
      const level = endpoint === 'query' ? 8 : 6;
      const fields = { endpoint, asked, outcome, durationSeconds, ...notices };
      log.verbose(level, 'asked Prometheus', fields);
      reportNotices({ endpoint, asked, outcome, notices });
    },
    onWarning: (message) => log.warn(nameFlag(message)),
  });
}

const LEAST_ANSWER_MEMORY = 16 * 2 ** 20;
const MOST_ANSWER_MEMORY = 256 * 2 ** 20;

/**
 * The memory for large responses of Prometheus. As much again is needed for the responses to clients,
 * and more for buffers that are not yet garbage-collected.
 *
 * @param limit in bytes; 0 where there is none
 */
export function tenthOfMemory(limit: number): number {
  const tenth = limit > 0 ? Math.floor(limit / 10) : MOST_ANSWER_MEMORY;
  return Math.min(Math.max(tenth, LEAST_ANSWER_MEMORY), MOST_ANSWER_MEMORY);
}

/** The flags by the options of the client, which begin its messages. */
const FLAG_OF_OPTION: ReadonlyMap<string, string> = new Map([
  ['url', prometheusFlags.url.name],
  ['headers', prometheusFlags.headers.name],
  ['tokenFile', prometheusFlags.tokenFile.name],
  ['caFile', prometheusFlags.caFile.name],
  ['clientCertFile', prometheusFlags.clientCertificateFile.name],
  ['clientKeyFile', prometheusFlags.clientKeyFile.name],
  ['inCluster', prometheusFlags.inCluster.name],
]);

/** A message of the client such as `caFile: cannot use ca.crt`, with the flag in place of the option. */
export function nameFlag(message: string): string {
  return message.replace(/^\w+(?=: )/, (option) => {
    const flag = FLAG_OF_OPTION.get(option);
    return flag === undefined ? option : `--${flag}`;
  });
}

/** What a server says to a request that it does not know, or a proxy to one that it lets nobody make. */
const NO_SUCH_REQUEST: ReadonlySet<PrometheusErrorKind> = new Set([
  'bad_query',
  'bad_answer',
  'unauthorized',
]);

/**
 * Whether an error says that a server does not do what was asked, as opposed to that it cannot be
 * reached, or cannot answer now.
 */
export function isUnsupported(error: unknown): boolean {
  if (!(error instanceof PrometheusError)) return false;
  return NO_SUCH_REQUEST.has(error.kind) || error.status === 501;
}

/**
 * Whether a server that rejected a request responds to another query: then it is Prometheus, and the
 * error is about the request. An error in another format does not show that, since it could come from
 * anything that listens at the URL.
 */
export async function answersOtherwise(error: unknown, prometheus: QueryRunner): Promise<boolean> {
  if (!(error instanceof PrometheusError)) return false;
  if (error.kind === 'bad_query') return true;
  const { status } = error;
  if (status === undefined || status < 400 || status >= 500 || status === 429) return false;
  return prometheus.query('vector(1)', {}).then(
    () => true,
    () => false,
  );
}

/** One query for many requests, as far as the flags allow. */
export function shareQueries(
  prometheus: QueryRunner,
  { queryMaxAge }: PrometheusFlags,
  metrics: PrometheusMetrics,
): QueryRunner {
  const sharing = createQuerySharing(prometheus, {
    maxAge: queryMaxAge,
    onQuery({ scope, answered }) {
      metrics.queryNeeded(scope, answered);
      return () => undefined;
    },
    onKept: metrics.answersKept,
    scopeOfFailure,
  });
  return tellRefusedKeys(
    sharing,
    (error) => error instanceof PrometheusError && error.kind === 'bad_query',
  );
}
