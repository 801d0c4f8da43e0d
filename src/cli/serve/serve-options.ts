import type { SecureVersion } from 'node:tls';
import type { HeaderField } from '../header-field.ts';
import type { SniCertificate } from './sni-certificate.ts';

/**
 * The options of `serve`, checked: numbers are in their ranges, and no options contradict each other.
 * Durations are in milliseconds, sizes in bytes. A file or directory that is not given is undefined.
 */
export interface ServeOptions {
  /** The path of the rules file. */
  readonly configFile: string;
  /** In addition to watching the rules file; 0: no polling. */
  readonly configPollIntervalMs: number;
  /** Whether the queries of rules are parsed as PromQL. */
  readonly checkPromql: boolean;
  /** Without a cluster and without authentication, on the loopback interface. */
  readonly standalone: boolean;
  readonly prometheus: PrometheusFlags;
  readonly relist: RelistFlags;
  readonly kubernetes: KubernetesOptions;
  readonly serving: ServingOptions;
  readonly authentication: AuthenticationOptions;
  readonly authorization: AuthorizationOptions;
  readonly logging: LoggingOptions;
}

export interface PrometheusFlags {
  /** With `http` or `https`; may have a path, query parameters, a user and a password. */
  readonly url: string;
  readonly verb: 'GET' | 'POST';
  readonly headers: readonly HeaderField[];
  /** The source of credentials and certificate authority. The files below take precedence. */
  readonly credentials: PrometheusCredentials;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
  /** Together with `clientKeyFile` or not at all. */
  readonly clientCertificateFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** How long Prometheus may not respond while requests wait; 0: no limit. */
  readonly stallTimeoutMs: number;
  /** The maximum number of concurrent queries. */
  readonly maxConcurrency: number;
  /** The maximum number of queued queries. */
  readonly maxQueued: number;
  /** The maximum age of a response that is reused; 0: no reuse. */
  readonly queryMaxAgeMs: number;
  readonly maxAnswerSize: number;
  /** Which partial responses are used. */
  readonly partialAnswers: 'discovery' | 'accept' | 'refuse';
  /** In bytes. Undefined: derived from the memory limit of the process. */
  readonly maxAnswerMemory: number | undefined;
}

export type PrometheusCredentials =
  | { readonly from: 'nowhere' }
  | { readonly from: 'service account' }
  | { readonly from: 'kubeconfig'; readonly file: string };

export interface RelistFlags {
  readonly intervalMs: number;
  /** At least `interval`. */
  readonly maxAgeMs: number;
  readonly concurrency: number;
  readonly discovery: 'auto' | 'labels' | 'series';
}

export interface KubernetesOptions {
  /** Undefined: the service account of the pod. */
  readonly kubeconfigFile: string | undefined;
  readonly discoveryIntervalMs: number;
  /** Of one resource; 0: no index. */
  readonly maxIndexedObjects: number;
  /** Requests per second; 0: no limit. */
  readonly qps: number;
  readonly burst: number;
}

export interface ServingOptions {
  /** An IP address; with `standalone` one of the loopback interface. */
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly port: number;
  /** Undefined: the self-signed certificate is in memory only. */
  readonly certificateDirectory: string | undefined;
  /** Together with `keyFile` or not at all. */
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly sniCertificates: readonly SniCertificate[];
  readonly minTlsVersion: SecureVersion;
  /** OpenSSL's names; empty: the default of Node.js. */
  readonly ciphers: readonly string[];
  readonly reusePort: boolean;
  /** Undefined: HTTP/2 is not offered. */
  readonly http2: { readonly maxStreams: number } | undefined;
  readonly poolSizes: PoolSizeOptions;
  readonly connections: {
    /** 0: no limit. */
    readonly maxConnections: number;
    /** 0: no limit. */
    readonly maxConnectionsPerAddress: number;
    readonly maxUnsentBytes: number;
  };
  readonly requestTimeoutMs: number;
  readonly shutdownDelayMs: number;
}

/** The maximum numbers of concurrent requests; Infinity: no limit. */
export interface PoolSizeOptions {
  readonly all: number;
  /** For requests that the front proxy forwards. */
  readonly frontProxy: number;
  /** For other authenticated requests. */
  readonly authenticated: number;
  /** For anonymous requests and those that wait for a review. */
  readonly unproven: number;
}

export interface AuthenticationOptions {
  readonly kubeconfigFile: string | undefined;
  readonly skipLookup: boolean;
  readonly tolerateLookupFailure: boolean;
  readonly tokenCacheTtlMs: number;
  readonly maxReviewsInFlight: number;
  readonly maxReviewsQueued: number;
  readonly clientCaFile: string | undefined;
  readonly requestHeader: {
    readonly clientCaFile: string | undefined;
    readonly allowedNames: readonly string[];
    readonly usernameHeaders: readonly string[];
    readonly uidHeaders: readonly string[];
    readonly groupHeaders: readonly string[];
    readonly extraHeaderPrefixes: readonly string[];
  };
}

export interface AuthorizationOptions {
  readonly kubeconfigFile: string | undefined;
  readonly alwaysAllowPaths: readonly string[];
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
}

export interface LoggingOptions {
  /** klog's level, 0 or more. */
  readonly verbosity: number;
  readonly format: 'text' | 'json';
}
