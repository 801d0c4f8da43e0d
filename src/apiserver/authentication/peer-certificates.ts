import { constants } from 'node:crypto';
import { type DetailedPeerCertificate, TLSSocket, type TlsOptions } from 'node:tls';
import type { RequestOrigin } from '../http/http-exchange.ts';
import { type ChainCertificate, readCertificate } from './chain-certificate.ts';

/**
 * TLS options of a server that requests client certificates and accepts any: every request verifies
 * the certificate against the current certificate authorities. The handshake names none of them,
 * since a client would not send a certificate of an authority that was added later.
 */
export const askForClientCertificates: Pick<
  TlsOptions,
  'requestCert' | 'rejectUnauthorized' | 'ca' | 'secureOptions'
> = {
  requestCert: true,
  rejectUnauthorized: false,
  ca: [],
  // A resumed session has the client's certificate, but not the intermediate ones.
  secureOptions: constants.SSL_OP_NO_TICKET,
};

/** The certificates that a client sent. TLS has verified that it has the private key of the first. */
export interface PeerCertificates {
  readonly leaf: ChainCertificate;
  /** The others that it sent, not verified. */
  readonly intermediates: readonly ChainCertificate[];
}

/** More than real chains have. */
const MOST_INTERMEDIATES = 8;
/** Of a whole chain. Certificates can be made so that reading them takes long. */
const MOST_BYTES = 32 * 1024;
/** ASN.1 values of a whole chain. Reading one takes about 10 µs; a usual certificate has about 100. */
const MOST_VALUES = 1_500;

/**
 * The certificates of each connection, or the Error from reading them. They do not change during
 * a connection: renegotiation is not allowed.
 */
const known = new WeakMap<TLSSocket, PeerCertificates | Error>();

/**
 * The certificates of the client of a request; undefined if it sent none.
 *
 * @throws {Error} if one of them cannot be read
 */
export function peerCertificates({ socket }: RequestOrigin): PeerCertificates | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificates = known.get(socket) ?? read(socket);
  if (certificates === undefined) return undefined;
  known.set(socket, certificates);
  if (certificates instanceof Error) throw certificates;
  return certificates;
}

function read(socket: TLSSocket): PeerCertificates | Error | undefined {
  try {
    const chain = chainOf(socket.getPeerCertificate(true));
    const bytes = chain.reduce((sum, { length }) => sum + length, 0);
    if (bytes > MOST_BYTES) {
      throw new Error(`expected a chain of at most ${MOST_BYTES} bytes, got ${bytes}`);
    }
    const budget = { left: MOST_VALUES };
    const [leaf, ...intermediates] = chain.map((der) => readCertificate(der, budget));
    return leaf && { leaf, intermediates };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Node.js links each certificate to its issuer, and a self-signed one to itself. */
function chainOf(leaf: DetailedPeerCertificate): readonly Buffer[] {
  const chain: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  // Without a certificate, Node.js returns an empty object.
  while (next?.raw !== undefined && chain.length <= MOST_INTERMEDIATES) {
    chain.push(next.raw);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
