import { prometheusFlags } from '../../cli/serve/prometheus-flags.ts';
import type { PrometheusFlags } from '../../cli/serve/serve-options.ts';
import type { PrometheusOptions as ClientOptions } from '../../prometheus/client/options.ts';
import type { PrometheusMetrics } from '../../prometheus/monitoring.ts';
import { openPrometheusServer, type PrometheusServer } from '../../prometheus/server.ts';
import { type PrometheusServers, prometheusServers } from '../../prometheus/servers.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { kubeconfigIdentity } from './prometheus-identity.ts';
import { createClockReport } from './report-clock.ts';
import { createNoticeReport } from './report-notices.ts';
import { createOutageReport } from './report-outage.ts';

/** The open servers. */
export interface ConnectedServers extends PrometheusServers<PrometheusServer> {
  /** The listener is called when a server is available again after an outage. */
  onAvailable(listener: () => void): void;
  close(): void;
}

/** The Prometheus servers of the flags. Throws PrometheusOptionsError, ClusterAccessError. */
export async function connectPrometheus(
  flags: PrometheusFlags,
  log: Logger,
  metrics: PrometheusMetrics,
): Promise<ConnectedServers> {
  const server = openPrometheusServer({
    client: await clientOptions(flags, log, metrics),
    guard: {
      maxConcurrency: flags.maxConcurrency,
      maxQueued: flags.maxQueued,
      stallTimeoutMs: flags.stallTimeoutMs,
      observer: createOutageReport(log, metrics),
    },
    sharing: {
      maxAgeMs: flags.queryMaxAgeMs,
      onQuery({ scope, source }) {
        metrics.queryNeeded(scope, source);
        return () => undefined;
      },
      onKept: metrics.answersKept,
    },
  });
  return {
    ...prometheusServers(server),
    onAvailable: server.onAvailable,
    close: server.close,
  };
}

async function clientOptions(
  flags: PrometheusFlags,
  log: Logger,
  metrics: PrometheusMetrics,
): Promise<ClientOptions> {
  const { credentials } = flags;
  const reportNotices = createNoticeReport(log, metrics);
  return {
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
    queryTimeoutMs: flags.timeoutMs,
    maxAnswerBytes: flags.maxAnswerSize,
    maxAnswerMemory: flags.maxAnswerMemory ?? tenthOfMemory(process.constrainedMemory()),
    connectTimeoutMs: flags.connectTimeoutMs,
    // Queries are limited by the queue, other requests by --relist-concurrency. To the stall detector, a
    // request that waits for a connection would look like one without a response.
    maxConnections: Number.POSITIVE_INFINITY,
    partialAnswers: flags.partialAnswers,
    onClockOffset: createClockReport(log, metrics),
    onRequest: ({ endpoint, expression, durationSeconds, outcome, bytes, notices }) => {
      metrics.prometheusRequest(endpoint, outcome, durationSeconds);
      metrics.prometheusAnswered(endpoint, bytes);
      // Queries are also logged with the API request that needs them.
      const level = endpoint === 'query' ? 8 : 6;
      const fields = { endpoint, expression, outcome, durationSeconds, ...notices };
      log.verbose(level, 'request to Prometheus', fields);
      reportNotices({ endpoint, expression, outcome, notices });
    },
    onWarning: (message) => log.warn(nameFlag(message)),
  };
}

const MIN_ANSWER_MEMORY_BYTES = 16 * 2 ** 20;
const MAX_ANSWER_MEMORY_BYTES = 256 * 2 ** 20;

/**
 * The memory for large responses of Prometheus. As much again is needed for the responses to clients,
 * and more for buffers that are not yet garbage-collected.
 *
 * @param limit in bytes; 0: no limit
 */
export function tenthOfMemory(limit: number): number {
  const tenth = limit > 0 ? Math.floor(limit / 10) : MAX_ANSWER_MEMORY_BYTES;
  return Math.min(Math.max(tenth, MIN_ANSWER_MEMORY_BYTES), MAX_ANSWER_MEMORY_BYTES);
}

/** The flag for each option of the client. */
const FLAG_OF_OPTION: ReadonlyMap<string, string> = new Map([
  ['url', prometheusFlags.url.name],
  ['headers', prometheusFlags.headers.name],
  ['tokenFile', prometheusFlags.tokenFile.name],
  ['caFile', prometheusFlags.caFile.name],
  ['clientCertFile', prometheusFlags.clientCertificateFile.name],
  ['clientKeyFile', prometheusFlags.clientKeyFile.name],
  ['inCluster', prometheusFlags.inCluster.name],
]);

/** Replaces the option in a message such as `caFile: cannot use ca.crt` with the flag. */
export function nameFlag(message: string): string {
  return message.replace(/^\w+(?=: )/, (option) => {
    const flag = FLAG_OF_OPTION.get(option);
    return flag === undefined ? option : `--${flag}`;
  });
}
