import { byteSize } from '../byte-size.ts';
import { flag, MAX_TIMER_MS } from '../flag.ts';
import { sniCertificate } from './sni-certificate.ts';
import { cipherSuiteNames, TLS_VERSION_NAMES } from './tls-names.ts';

/** Serving HTTPS. */
export const servingFlags = {
  bindAddress: flag.ip({
    name: 'bind-address',
    default: '0.0.0.0',
    help: 'The IP address to serve on; 0.0.0.0 and :: mean all interfaces. With --standalone it must be a loopback address, which is the default then.',
  }),
  port: flag.int({
    name: 'secure-port',
    default: 443,
    from: 0,
    to: 65535,
    help: 'The port to serve HTTPS on; 6443 by default with --standalone. 0: any free port, which is logged.',
  }),
  certificateDirectory: flag.string({
    name: 'cert-dir',
    kind: 'directory',
    default: 'apiserver.local.config/certificates',
    help: 'The directory of the self-signed certificate (apiserver.crt, apiserver.key), which is created if it is missing and --tls-cert-file is not given. Empty, or by default with --standalone: the certificate is in memory only.',
  }),
  certificateFile: flag.string({
    name: 'tls-cert-file',
    kind: 'file',
    default: '',
    help: 'The serving certificate (PEM), followed by its intermediate certificates. Read again when the file changes. Requires --tls-private-key-file.',
  }),
  keyFile: flag.string({
    name: 'tls-private-key-file',
    kind: 'file',
    default: '',
    help: 'The private key (PEM) of --tls-cert-file.',
  }),
  sniCertificates: flag.array({
    name: 'tls-sni-cert-key',
    kind: 'certificate,key[:names]',
    default: [],
    parse: sniCertificate,
    help: 'A further certificate and its key, for clients that request one of the names (host names, *.domain or IP addresses, separated by commas; by default those in the certificate). May be repeated.',
  }),
  minTlsVersion: flag.oneOf({
    name: 'tls-min-version',
    words: TLS_VERSION_NAMES,
    default: 'VersionTLS12',
    help: `The minimum TLS version: ${TLS_VERSION_NAMES.join(', ')}.`,
  }),
  cipherSuites: flag.list({
    name: 'tls-cipher-suites',
    kind: 'strings',
    default: [],
    parse: cipherSuiteNames,
    help: "The accepted cipher suites of TLS 1.2: Go's names separated by commas, e.g. TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. By default those of Node.js. The suites of TLS 1.3 are not configurable.",
  }),
  reusePort: flag.bool({
    name: 'permit-port-sharing',
    default: false,
    help: 'Allow several processes to serve on the same address and port (SO_REUSEPORT).',
  }),
  reuseAddress: flag.bool({
    name: 'permit-address-sharing',
    default: false,
    effect: 'ignored',
    note: 'SO_REUSEADDR is always set by Node.js. Remove the flag',
    help: 'Serve on an address that has connections still closing (SO_REUSEADDR).',
  }),
  maxStreams: flag.int({
    name: 'http2-max-streams-per-connection',
    default: 0,
    from: 0,
    to: 65_535,
    help: 'The maximum number of concurrent requests of an HTTP/2 connection. 0: 250.',
  }),
  disableHttp2: flag.bool({
    name: 'disable-http2',
    default: false,
    help: 'Do not offer HTTP/2, only HTTP/1.1.',
  }),
  disableHttp2Serving: flag.bool({
    name: 'disable-http2-serving',
    default: false,
    help: 'The same as --disable-http2.',
  }),
  maxInFlight: flag.int({
    name: 'max-requests-inflight',
    default: 400,
    from: 0,
    to: 1_000_000,
    help: 'The maximum number of concurrent requests, except health checks. Others are rejected with 429 and Retry-After: 1. 70% are reserved for requests that the API server (front proxy) forwards, 20% for other authenticated requests, and 10% for anonymous requests and those that wait for a review; the next two flags change that. A single user gets at most two thirds of a part. 0: no limit.',
  }),
  maxDirectInFlight: flag.int({
    name: 'max-requests-inflight-direct',
    default: 0,
    from: 0,
    to: 1_000_000,
    help: 'The part of --max-requests-inflight for authenticated requests that the API server does not forward, such as scrapes of /metrics. 0: 20%.',
  }),
  maxUnprovenInFlight: flag.int({
    name: 'max-requests-inflight-unproven',
    default: 0,
    from: 0,
    to: 1_000_000,
    help: 'The part of --max-requests-inflight for anonymous requests, and for requests that the API server does not forward and that wait for a TokenReview or SubjectAccessReview. 0: 10%.',
  }),
  maxConnections: flag.int({
    name: 'max-connections',
    default: 500,
    from: 0,
    to: 1_000_000,
    help: 'The maximum number of open connections. Beyond it, a new connection replaces the one that has been idle longest of the remote address with the most connections. Connections of the front proxy are never replaced. 0: no limit.',
  }),
  maxConnectionsPerAddress: flag.int({
    name: 'max-connections-per-address',
    default: 100,
    from: 0,
    to: 1_000_000,
    help: 'The maximum number of open connections per remote address. Others are closed. Addresses that have presented the certificate of the front proxy are exempt. 0: no limit, and the default with --standalone.',
  }),
  maxUnsentBytes: flag.parsed<number>({
    name: 'max-unsent-bytes',
    kind: 'bytes',
    default: 32 * 2 ** 20,
    defaultText: '32Mi',
    parse: byteSize,
    help: 'The memory budget of all connections for open requests and for responses that clients have not read yet. Beyond it, the connection that holds the most memory is closed; for the front proxy only the request is cancelled. A larger response is rejected. Units: Ki, Mi, Gi.',
  }),
  requestTimeout: flag.duration({
    name: 'request-timeout',
    default: 60_000,
    from: 1,
    to: MAX_TIMER_MS,
    help: 'The timeout of a request, including its queries. A client can set a shorter one with ?timeout=.',
  }),
  shutdownDelay: flag.duration({
    name: 'shutdown-delay-duration',
    default: 5_000,
    from: 0,
    to: MAX_TIMER_MS,
    help: 'How long requests are still served after SIGTERM while /readyz fails, so that the cluster can send requests elsewhere. 0 by default with --standalone. Together with the 20s for running requests it must be less than terminationGracePeriodSeconds.',
  }),
};
