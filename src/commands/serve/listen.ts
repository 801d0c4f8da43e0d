import type { ConnectionObserver } from '../../apiserver/connections/connections.ts';
import { type Server, startServer } from '../../apiserver/http/server.ts';
import type { ApiserverMetrics } from '../../apiserver/monitoring.ts';
import type { ServeOptions, ServingOptions } from '../../cli/serve/serve-options.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { version } from '../../version.ts';
import { firstCertificate, namedCertificates } from './certificates.ts';

/** Starts the server. Throws CertificateError, or the error of listen(2). */
export async function listen(
  options: ServingOptions,
  app: Parameters<typeof startServer>[0],
  log: Logger,
  metrics: ApiserverMetrics,
): Promise<Server> {
  const { bindAddress, port, reusePort, minTlsVersion, ciphers, http2, connections } = options;
  const limit = createLogLimit();
  const server = await startServer(app, {
    host: bindAddress,
    port,
    reusePort,
    http2,
    limits: connections,
    observer: connectionObserver(log, metrics),
    certificate: await firstCertificate(options, log),
    namedCertificates: await namedCertificates(options),
    onError(error) {
      const admitted = limit();
      if (admitted === undefined) return;
      log.warn('cannot accept a connection', { error, ...admitted });
    },
    tls: {
      minVersion: minTlsVersion,
      ...(ciphers.length > 0 && { ciphers: ciphers.join(':') }),
    },
  });
  metrics.unsentBytesFrom(server.unsentBytes);
  return server;
}

/** Exports metrics of connections, and logs those that were closed because of limits. */
function connectionObserver(log: Logger, metrics: ApiserverMetrics): ConnectionObserver {
  const limit = createLogLimit();
  return {
    onCount: metrics.connectionsOpen,
    onClosed(reason, address) {
      metrics.connectionClosed(reason);
      if (reason === 'shutdown') return;
      const admitted = limit();
      if (admitted !== undefined) {
        log.warn('closed a connection or a request', { reason, address, ...admitted });
      }
    },
  };
}

export function logListening(
  { serving, standalone }: ServeOptions,
  { port }: Server,
  log: Logger,
): void {
  if (standalone) {
    log.warn(
      '--standalone: authentication is off. Any process on this machine can read all metrics through the loopback interface',
    );
  }
  log.info('serving', { address: serving.bindAddress, port, version });
}
