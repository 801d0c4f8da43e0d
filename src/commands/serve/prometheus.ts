import { prometheusFlags } from '../../cli/prometheus-flags.ts';
import type { PrometheusOptions as PrometheusFlags } from '../../cli/serve-options.ts';
import type { QueryRunner } from '../../metrics/query-runner.ts';
import { createQuerySharing } from '../../metrics/query-sharing.ts';
import { createPrometheusClient, type PrometheusClient } from '../../prometheus/client.ts';
import { PrometheusError, type PrometheusErrorKind } from '../../prometheus/errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AdapterMetrics } from '../../telemetry/metrics.ts';
import { kubeconfigIdentity } from './prometheus-identity.ts';

/** The client for the Prometheus of the flags. Throws PrometheusOptionsError, ClusterAccessError. */
export async function connectPrometheus(
  flags: PrometheusFlags,
  log: Logger,
  metrics: AdapterMetrics,
): Promise<PrometheusClient> {
  const { credentials } = flags;
  return createPrometheusClient({
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
    onRequest: ({ endpoint, asked, durationSeconds, outcome, warnings }) => {
      metrics.prometheusRequest(endpoint, outcome, durationSeconds);
      log.verbose(6, 'asked Prometheus', { endpoint, asked, outcome, durationSeconds, warnings });
    },
    onWarning: (message) => log.warn(nameFlag(message)),
  });
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

/** What can be the fault of one query, while another one is answered. */
const REFUSALS: ReadonlySet<PrometheusErrorKind> = new Set(['bad_query', 'timeout', 'too_large']);

/** One query for many requests, as far as the flags allow. */
export function shareQueries(
  prometheus: QueryRunner,
  { queryMaxAge }: PrometheusFlags,
): QueryRunner {
  return createQuerySharing(prometheus, {
    maxAge: queryMaxAge,
    isRefusal: (error) => error instanceof PrometheusError && REFUSALS.has(error.kind),
  });
}
