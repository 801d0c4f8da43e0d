import { type Server, startServer } from '../../apiserver/http/server.ts';
import type { ServeOptions, ServingOptions } from '../../cli/serve/serve-options.ts';
import { createLogLimit } from '../../telemetry/log-limit.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { version } from '../../version.ts';
import { firstCertificate, namedCertificates } from './certificates.ts';
import type { Monitoring } from './monitoring.ts';
import { createConnectionReport } from './report-connections.ts';

/** Starts the server. Throws CertificateError, or the error of listen(2). */
export async function listen(
  options: ServingOptions,
  app: Parameters<typeof startServer>[0],
  log: Logger,
  metrics: Monitoring,
): Promise<Server> {
  const { bindAddress, port, reusePort, minTlsVersion, ciphers, http2, connections } = options;
  const limit = createLogLimit();
  const server = await startServer(app, {
    host: bindAddress,
    port,
    reusePort,
    http2,
    limits: connections,
    observer: createConnectionReport(log, metrics),
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
