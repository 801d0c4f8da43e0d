import { constants } from 'node:crypto';
import { type DetailedPeerCertificate, TLSSocket, type TlsOptions } from 'node:tls';
import type { RequestOrigin } from '../http/http-exchange.ts';
import { type ChainCertificate, readCertificate } from './chain-certificate.ts';

/**
 * TLS options of a server that asks its clients for certificates and lets each of them in: whether
 * a certificate counts is decided with every request, by the certificate authorities of that time.
 * None of these is named in the handshake, since a client that knows the names of yesterday would
 * hold back the certificate of today.
 */
export const askForClientCertificates: Pick<
  TlsOptions,
  'requestCert' | 'rejectUnauthorized' | 'ca' | 'secureOptions'
> = {
  requestCert: true,
  rejectUnauthorized: false,
  ca: [],
  // A resumed session knows the client's certificate, but not those that it is signed with.
  secureOptions: constants.SSL_OP_NO_TICKET,
};

/** What a client has shown. TLS has made sure that it has the private key of the first. */
export interface PeerCertificates {
  readonly leaf: ChainCertificate;
  /** What it has sent along: nothing is known about these. */
  readonly intermediates: readonly ChainCertificate[];
}

/** More than any chain has. */
const MOST_INTERMEDIATES = 8;
/** Of a whole chain. Certificates can be made so that reading them takes long. */
const MOST_BYTES = 32 * 1024;

/**
 * What a connection has shown, or the Error that reading it gave. It stays the same as long as the
 * connection lasts: OpenSSL lets no client renegotiate.
 */
const known = new WeakMap<TLSSocket, PeerCertificates | Error>();

/**
 * The certificates of the client of a request, or undefined where it has shown none. Throws an
 * Error where one of them cannot be read.
 */
export function peerCertificates({ socket }: RequestOrigin): PeerCertificates | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const shown = known.get(socket) ?? read(socket);
  if (shown === undefined) return undefined;
  known.set(socket, shown);
  if (shown instanceof Error) throw shown;
  return shown;
}

function read(socket: TLSSocket): PeerCertificates | Error | undefined {
  try {
    const chain = chainOf(socket.getPeerCertificate(true));
    const bytes = chain.reduce((sum, { length }) => sum + length, 0);
    if (bytes > MOST_BYTES) {
      throw new Error(`expected a chain of at most ${MOST_BYTES} bytes, got ${bytes}`);
    }
    const [leaf, ...intermediates] = chain.map(readCertificate);
    return leaf && { leaf, intermediates };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Node.js links each certificate to its issuer, and one that is its own issuer to itself. */
function chainOf(leaf: DetailedPeerCertificate): readonly Buffer[] {
  const chain: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  // Without a certificate, Node.js gives an empty object.
  while (next?.raw !== undefined && chain.length <= MOST_INTERMEDIATES) {
    chain.push(next.raw);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
