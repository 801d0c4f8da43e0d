import type { Writable } from 'node:stream';
import { createApp } from '../apiserver/app.ts';
import { anonymousAccess } from '../apiserver/authorization/request-access.ts';
import {
  createRequestPools,
  createSinglePool,
  type RequestPools,
} from '../apiserver/flow-control/request-pools.ts';
import type { Server } from '../apiserver/http/server.ts';
import { sleep } from '../async/sleep.ts';
import { serveHelp } from '../cli/help.ts';
import { parseServeFlags } from '../cli/serve/parse-serve-flags.ts';
import type { ServeOptions } from '../cli/serve/serve-options.ts';
import { type ClosableLogger, createLogger, type Logger } from '../telemetry/logger.ts';
import { version } from '../version.ts';
import { type DelegatedAccess, delegateAccess } from './serve/authentication.ts';
import { watchCertificates } from './serve/certificates.ts';
import { type Cluster, connectCluster, noCluster } from './serve/cluster.ts';
import { initialDiscoveryProblem, startDiscovery } from './serve/discovery.ts';
import { listen, logListening } from './serve/listen.ts';
import { metricsApis } from './serve/metrics-apis.ts';
import { createMonitoring, type Monitoring } from './serve/monitoring.ts';
import { type ConnectedServers, connectPrometheus } from './serve/prometheus.ts';
import { createRequestReport } from './serve/report-request.ts';
import { openRules } from './serve/rules.ts';
import { handleReloadSignal, handleShutdownSignals } from './serve/signals.ts';
import { describeStartError, isStartError } from './serve/start-error.ts';
import { handleUncaughtErrors } from './serve/uncaught-errors.ts';

/**
 * Milliseconds for running requests to finish during shutdown. Together with `--shutdown-delay`, it fits
 * into the 30 s that Kubernetes gives a pod to terminate.
 */
const SHUTDOWN_GRACE_MS = 20_000;

/**
 * `serve`, the main command: serves metrics until SIGTERM or SIGINT.
 *
 * @returns the exit code: 0 after a shutdown, 1 if the start failed, 2 for invalid flags
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
    if (!isStartError(error)) throw error;
    log.error(`cannot start: ${describeStartError(error)}`);
    return 1;
  } finally {
    await log.close();
  }
}

/** Registers what to close at the end, or if the start fails: the last one first. */
type OnEnd = (close: () => void) => void;

async function run(options: ServeOptions, log: ClosableLogger): Promise<number> {
  const closers: (() => void)[] = [];
  try {
    return await startAndServe(options, log, (close) => closers.unshift(close));
  } finally {
    for (const close of closers) close();
  }
}

/** Each part depends only on those above it. */
async function startAndServe(
  options: ServeOptions,
  log: ClosableLogger,
  onEnd: OnEnd,
): Promise<number> {
  const reload = handleReloadSignal();
  const shutdown = handleShutdownSignals(log);
  const metrics = createMonitoring();

  const prometheus = await connectPrometheus(options.prometheus, log, metrics);
  onEnd(prometheus.close);
  const [cluster, access] = await openBoth(
    openCluster(options, prometheus, log, metrics),
    openAccess(options, log, metrics),
    onEnd,
  );
  const rules = await openRules(options, cluster, log, metrics);
  if (rules === undefined) {
    log.error('cannot start: rules file rejected', { file: options.configFile });
    return 1;
  }
  onEnd(rules.close);
  reload.onSignal(rules.reload);
  const relist = startDiscovery(options.relist, prometheus, cluster, rules, log, metrics);
  onEnd(relist.stop);

  const app = createApp({
    apis: metricsApis(prometheus, cluster, rules, relist, log, metrics),
    access,
    liveness: [{ name: 'ping', check: () => undefined }],
    readiness: [
      ...cluster.readiness,
      ...access.readiness,
      { name: 'relist', check: () => initialDiscoveryProblem(relist) },
      {
        name: 'shutdown',
        check: () => (shutdown.isReceived() ? 'the adapter is shutting down' : undefined),
      },
    ],
    ownMetrics: metrics.render,
    version,
    pools: requestPools(options, metrics),
    requestTimeoutMs: options.serving.requestTimeoutMs,
    isShuttingDown: shutdown.isReceived,
    onRequest: createRequestReport(log, metrics),
  });
  const server = await listen(options.serving, app, log, metrics);
  onEnd(watchCertificates(options.serving, server, log));
  handleUncaughtErrors(log, metrics);
  logListening(options, server, log);

  await shutdown.received();
  await shutDown(options, server, log);
  return 0;
}

async function openCluster(
  options: ServeOptions,
  prometheus: ConnectedServers,
  log: Logger,
  metrics: Monitoring,
): Promise<Cluster> {
  if (options.standalone) return noCluster(options, prometheus);
  return connectCluster(options, log, metrics);
}

/** Authentication and authorization by the cluster; none with `--standalone`. */
async function openAccess(
  options: ServeOptions,
  log: Logger,
  metrics: Monitoring,
): Promise<DelegatedAccess> {
  if (!options.standalone) return delegateAccess(options, log, metrics);
  return { ...anonymousAccess, readiness: [], close: () => undefined };
}

/** Opens both concurrently, so that the timeouts for an unresponsive API server do not add up. */
async function openBoth<A extends Closable, B extends Closable>(
  first: Promise<A>,
  second: Promise<B>,
  onEnd: OnEnd,
): Promise<readonly [A, B]> {
  const opened = await Promise.allSettled([first, second]);
  for (const result of opened) {
    if (result.status === 'fulfilled') onEnd(result.value.close);
  }
  // Rejects with the reason of the one that failed.
  return Promise.all([first, second]);
}

interface Closable {
  readonly close: () => void;
}

function requestPools({ serving, standalone }: ServeOptions, metrics: Monitoring): RequestPools {
  const { all, ...sizes } = serving.poolSizes;
  const events = { onChange: metrics.requestsInFlight, onRejected: metrics.requestRejected };
  return standalone ? createSinglePool(all, events) : createRequestPools(sizes, events);
}

/** Waits until clients use other replicas, then closes the connections. */
async function shutDown(
  { serving: { shutdownDelayMs } }: ServeOptions,
  server: Server,
  log: Logger,
): Promise<void> {
  log.info('shutting down: marked not ready, still serving', { shutdownDelayMs });
  await sleep(shutdownDelayMs, undefined, { ref: true });
  log.info('shutting down: no new connections, finishing running requests');
  await server.close(SHUTDOWN_GRACE_MS);
}
