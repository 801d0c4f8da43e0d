import { connect, type TLSSocket } from 'node:tls';
import type { LoadTarget } from './load.ts';

/** @param protocol its name in the negotiation of TLS (ALPN) */
export function connectSocket(target: LoadTarget, protocol: 'http/1.1' | 'h2'): TLSSocket {
  const { ca, cert, key } = target;
  const { hostname, port } = new URL(target.url);
  return connect({
    host: hostname,
    port: Number(port),
    ALPNProtocols: [protocol],
    ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
    cert,
    key,
  });
}
