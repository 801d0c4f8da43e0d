import type { Writable } from 'node:stream';
import { customMetricsApi } from '../apis/custom/registration.ts';
import { externalMetricsApi } from '../apis/external/registration.ts';
import type { MetricsContext } from '../apis/metrics-api.ts';
import { resourceMetricsApi } from '../apis/resource/registration.ts';
import { createApp } from '../apiserver/app.ts';
import { anonymousAccess } from '../apiserver/authorization/request-access.ts';
import {
  createRequestPools,
  createSinglePool,
  type RequestPools,
} from '../apiserver/flow-control/request-pools.ts';
import { type Server, startServer } from '../apiserver/http/server.ts';
import {
  type ApiRegistration,
  unavailableWhile,
} from '../apiserver/registration/api-registration.ts';
import { CertificateError } from '../apiserver/serving-certificate/serving-certificate.ts';
import { sleep } from '../async/sleep.ts';
import { type RelistLoop, startRelistLoop } from '../catalog/relist.ts';
import { serveHelp } from '../cli/help.ts';
import { parseServeFlags } from '../cli/serve/parse-serve-flags.ts';
import type { ServeOptions } from '../cli/serve/serve-options.ts';
import { ClusterAccessError } from '../kubernetes/credentials/cluster-access.ts';
import { createCustomMetrics } from '../metrics/custom.ts';
import { createExternalMetrics } from '../metrics/external.ts';
import { createResourceMetrics } from '../metrics/resource.ts';
import { PrometheusOptionsError } from '../prometheus/errors.ts';
import type { RuleSource } from '../sources/rule-source.ts';
import { createLogLimit } from '../telemetry/log-limit.ts';
import { type ClosableLogger, createLogger, type Logger } from '../telemetry/logger.ts';
import { version } from '../version.ts';
import { AccessSetupError, type DelegatedAccess, delegateAccess } from './serve/authentication.ts';
import { firstCertificate, followCertificates, namedCertificates } from './serve/certificates.ts';
import { type Cluster, connectCluster, noCluster } from './serve/cluster.ts';
import { createMonitoring, type Monitoring } from './serve/monitoring.ts';
import { type ConnectedServers, connectPrometheus, nameFlag } from './serve/prometheus.ts';
import { createAnswerReport } from './serve/report-answers.ts';
import { createConnectionReport } from './serve/report-connections.ts';
import { createRelistReport } from './serve/report-relist.ts';
import { createRequestReport } from './serve/report-request.ts';
import { openRules } from './serve/rules.ts';
import { handleUncaughtErrors } from './serve/uncaught-errors.ts';

/**
 * How long running requests may take to end when no more are taken, in milliseconds. With the delay
 * before, it fits into the 30 s that Kubernetes gives a pod to end.
 */
const shutdownGrace = 20_000;

/**
 * `serve`, the program's main command: serves the metrics of a rules file until SIGTERM or SIGINT.
 *
 * @returns the exit code: 0 when told to end, 1 when it could not be started, 2 for wrong flags
 */
export async function serve(
  argv: readonly string[],
  out: { readonly stdout: Writable; readonly stderr: Writable },
): Promise<number> {
  const line = parseServeFlags(argv);
  switch (line.action) {
    case 'help':
      out.stdout.write(serveHelp());
      return 0;
    case 'version':
      out.stdout.write(`${version}\n`);
      return 0;
    case 'reject':
      for (const fault of line.faults) out.stderr.write(`${fault}\n`);
      out.stderr.write('See --help for all flags.\n');
      return 2;
  }
  const log = createLogger({ ...line.options.logging });
  for (const warning of line.warnings) log.warn(warning);
  try {
    return await run(line.options, log);
  } catch (error) {
    if (!isStartFailure(error)) throw error;
    log.error(`cannot start: ${describeStartFailure(error)}`);
    return 1;
  } finally {
    await log.close();
  }
}

/** What is to be closed at the end, or when the start fails half-way: the last opened first. */
type OnEnd = (close: () => void) => void;

/** From the options to the end of the service. */
async function run(options: ServeOptions, log: ClosableLogger): Promise<number> {
  const opened: (() => void)[] = [];
  try {
    return await serveUntilTold(options, log, (close) => opened.unshift(close));
  } finally {
    for (const close of opened) close();
  }
}

async function serveUntilTold(
  options: ServeOptions,
  log: ClosableLogger,
  onEnd: OnEnd,
): Promise<number> {
  const metrics = createMonitoring();
  const hangUp = hangUpSignal();
  const end = endSignal(log);
  const prometheus = await connectPrometheus(options.prometheus, log, metrics);
  onEnd(prometheus.close);
  const [cluster, access] = await openBoth(
    options.standalone ? noCluster(options, prometheus) : connectCluster(options, log, metrics),
    requestAccess(options, log, metrics),
    onEnd,
  );
  const rules = await openRules(options, cluster, log, metrics);
  if (rules === undefined) {
    log.error('cannot start: rules file rejected', { file: options.configFile });
    return 1;
  }
  onEnd(rules.close);
  hangUp.onSignal = rules.reload;
  const relist = startRelisting(options, prometheus, cluster, rules, log, metrics);
  onEnd(relist.stop);
  rules.onChange(() => void relist.relist());
  cluster.onChange(() => void relist.rebuild());
  prometheus.onAvailable(() => void relist.retryFailed());

  const ending = { now: false };
  const apis = metricsApis(prometheus, cluster, rules, relist, metrics, log);
  const app = createApp({
    apis,
    access,
    liveness: [{ name: 'ping', check: () => undefined }],
    readiness: [
      ...cluster.readiness,
      ...access.readiness,
      { name: 'relist', check: () => notListedYet(relist) },
      { name: 'shutdown', check: () => (ending.now ? 'the adapter is being ended' : undefined) },
    ],
    ownMetrics: () => metrics.render(),
    version,
    pools: requestPools(options, metrics),
    requestTimeout: options.serving.requestTimeout,
    isEnding: () => ending.now,
    onRequest: createRequestReport(log, metrics),
  });
  const server = await listen(options, app, log, metrics);
  metrics.unsentBytesFrom(server.unsentBytes);
  onEnd(followCertificates(options.serving, server, log));
  handleUncaughtErrors(log, metrics);
  sayHello(options, server, log);

  await end.told();
  ending.now = true;
  const { shutdownDelay } = options.serving;
  log.info('ending: not ready from now on, though everything is served', { shutdownDelay });
  await sleep(shutdownDelay, undefined, { ref: true });
  log.info('ending: no new connections, running requests end');
  await server.close(shutdownGrace);
  return 0;
}

/** With a cluster, nobody gets anything that it does not allow. */
async function requestAccess(
  options: ServeOptions,
  log: Logger,
  metrics: Monitoring,
): Promise<DelegatedAccess> {
  if (!options.standalone) return delegateAccess(options, log, metrics);
  return { ...anonymousAccess, readiness: [], close: () => undefined };
}

function requestPools({ serving, standalone }: ServeOptions, metrics: Monitoring): RequestPools {
  const { all, ...sizes } = serving.requestPlaces;
  const events = { onChange: metrics.requestsInFlight, onRejected: metrics.requestRejected };
  return standalone ? createSinglePool(all, events) : createRequestPools(sizes, events);
}

/** Opens two things at the same time: an API server that stays silent is waited for once. */
async function openBoth<A extends Closable, B extends Closable>(
  first: A | Promise<A>,
  second: Promise<B>,
  onEnd: OnEnd,
): Promise<readonly [A, B]> {
  const opened = await Promise.allSettled([first, second]);
  for (const result of opened) {
    if (result.status === 'fulfilled') onEnd(result.value.close);
  }
  // Rejects with the reason of the one that could not be opened.
  return Promise.all([first, second]);
}

interface Closable {
  readonly close: () => void;
}

function startRelisting(
  options: ServeOptions,
  servers: ConnectedServers,
  cluster: Cluster,
  rules: RuleSource,
  log: Logger,
  metrics: Monitoring,
): RelistLoop {
  return startRelistLoop(
    {
      servers,
      rules: rules.current,
      mapper: cluster.mapper,
      now: Date.now,
      onRelist: createRelistReport(log, metrics, rules.current),
      onFault(error) {
        metrics.uncaughtError();
        log.error('the metrics could not be listed; those listed before stay', { error });
      },
    },
    options.relist,
  );
}

function notListedYet(relist: RelistLoop): string | undefined {
  return relist.hasListed() ? undefined : 'initial discovery has not finished';
}

/** The APIs that the rules need: one without rules is not served. */
function metricsApis(
  servers: ConnectedServers,
  cluster: Cluster,
  rules: RuleSource,
  relist: RelistLoop,
  metrics: Monitoring,
  log: Logger,
): () => readonly ApiRegistration<MetricsContext>[] {
  const { catalog } = relist;
  const onAnswer = createAnswerReport(log, metrics);
  const custom = createCustomMetrics({
    catalog,
    mapper: cluster.mapper,
    objects: cluster.objects,
    servers,
    onAnswer,
  });
  const external = createExternalMetrics({
    catalog,
    servers,
    onAnswer,
  });
  const resource = createResourceMetrics({
    rules: () => rules.current().resource,
    mapper: cluster.mapper,
    objects: cluster.metadata,
    servers,
    onAnswer,
  });
  const untilListed = (api: ApiRegistration<MetricsContext>) =>
    unavailableWhile(() => notListedYet(relist), api);
  const customApi = untilListed(customMetricsApi(catalog, custom));
  const externalApi = untilListed(externalMetricsApi(catalog, external));
  const resourceApi = resourceMetricsApi(resource, Date.now);
  return () => [
    ...(rules.current().custom.length > 0 ? [customApi] : []),
    ...(rules.current().external.length > 0 ? [externalApi] : []),
    ...(rules.current().resource !== undefined ? [resourceApi] : []),
  ];
}

async function listen(
  options: ServeOptions,
  app: ReturnType<typeof createApp>,
  log: Logger,
  metrics: Monitoring,
): Promise<Server> {
  const { bindAddress, port, reusePort, minTlsVersion, ciphers, http2, connections } =
    options.serving;
  const certificate = await firstCertificate(options.serving, log);
  const limit = createLogLimit();
  return startServer(app, {
    host: bindAddress,
    port,
    reusePort,
    http2,
    limits: connections,
    observer: createConnectionReport(log, metrics),
    certificate,
    namedCertificates: await namedCertificates(options.serving),
    onError(error) {
      const admitted = limit();
      if (admitted === undefined) return;
      log.warn('a connection could not be accepted', { error, ...admitted });
    },
    tls: {
      minVersion: minTlsVersion,
      ...(ciphers.length > 0 && { ciphers: ciphers.join(':') }),
    },
  });
}

function sayHello({ serving, standalone }: ServeOptions, { port }: Server, log: Logger): void {
  if (standalone) {
    log.warn(
      "--standalone: NOBODY IS AUTHENTICATED. Whoever can connect to this machine's loopback interface can read every metric",
    );
  }
  log.info('serving', { address: serving.bindAddress, port, version });
}

/**
 * SIGHUP has the rules read again. It is taken from the beginning on, for it ends a program that
 * does not: what it asks for is about to happen then anyway.
 */
function hangUpSignal(): { onSignal: () => void } {
  const hangUp = { onSignal: (): void => undefined };
  process.on('SIGHUP', () => hangUp.onSignal());
  return hangUp;
}

/**
 * SIGTERM or SIGINT. Taken from the beginning on and to the end: the first process of a container does
 * not get a signal that it does not take. Before anything is served there is nothing to be ended in
 * order; a second signal says that there is no time for it.
 */
function endSignal(log: ClosableLogger): { told(): Promise<void> } {
  let onSignal = (): void => {
    log.info('ending: nothing is served yet');
    void log.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal());
  return {
    told: () =>
      new Promise((resolve) => {
        onSignal = () => {
          onSignal = () => process.exit(1);
          resolve();
        };
      }),
  };
}

/** What the operator can mend, as opposed to a fault of the program. */
function isStartFailure(error: unknown): error is Error {
  return (
    error instanceof PrometheusOptionsError ||
    error instanceof ClusterAccessError ||
    error instanceof AccessSetupError ||
    error instanceof CertificateError ||
    (error instanceof Error && isListenFailure(error))
  );
}

function isListenFailure(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'listen';
}

/** Names the flags to mend, where the error does not do so itself. */
function describeStartFailure(error: Error): string {
  if (error instanceof PrometheusOptionsError) return nameFlag(error.message);
  const advice = isListenFailure(error) ? '; --bind-address and --secure-port say where' : '';
  return `${error.message}${advice}`;
}
