import type { PrometheusErrorKind } from '../errors.ts';
import type { AnswerNotices } from './notices.ts';

export const DEFAULT_QUERY_TIMEOUT_MS = 30_000;
export const DEFAULT_DISCOVERY_TIMEOUT_MS = 120_000;
export const DEFAULT_MAX_ANSWER_BYTES = 128 * 1024 * 1024;
export const DEFAULT_MAX_ANSWER_MEMORY = 256 * 1024 * 1024;
export const DEFAULT_MAX_CONNECTIONS = 64;

/** The connection to Prometheus. */
export interface PrometheusOptions {
  /**
   * `http://` or `https://`. A path is used as a prefix of `/api/v1/...`, query parameters are sent with
   * every request, and a user name and password are used for basic authentication.
   */
  readonly url: string;
  /** The method of requests for queries, series and labels. Default `GET`. */
  readonly verb?: 'GET' | 'POST';
  /** PEM file with the only CAs that are trusted for the certificate of Prometheus. */
  readonly caFile?: string;
  /** PEM file with the client certificate and its chain; only together with `clientKeyFile`. */
  readonly clientCertFile?: string;
  /** PEM file with the private key; only together with `clientCertFile`. */
  readonly clientKeyFile?: string;
  /** Does not verify the certificate. Default false. */
  readonly insecureSkipVerify?: boolean;
  /** A bearer token; not together with `tokenFile`. */
  readonly token?: string;
  /** A file with a bearer token; it is read again when it changes. */
  readonly tokenFile?: string;
  /** Uses the service account of the pod: its token, and its CA unless `caFile` is given. */
  readonly inCluster?: boolean;
  /** The mount path of the service account. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccountDirectory?: string;
  /** Credentials of another source, e.g. a kubeconfig. The options above take precedence. */
  readonly identity?: PrometheusIdentity;
  /** Additional headers as `Name=value`; a name can occur several times. */
  readonly headers?: readonly string[];
  /** The timeout of a query in milliseconds. Default 30,000. */
  readonly queryTimeoutMs?: number;
  /** The timeout of a request for series or labels in milliseconds. Default 120,000. */
  readonly discoveryTimeoutMs?: number;
  /** The maximum size of a response, decompressed, in bytes. Default 128 MiB. */
  readonly maxAnswerBytes?: number;
  /**
   * The memory budget in bytes for all large responses that are being received, parsed or used. One
   * response can use two thirds of it. Default 256 MiB.
   */
  readonly maxAnswerMemory?: number;
  /** The maximum number of open connections; further requests wait. Default 64. */
  readonly maxConnections?: number;
  /**
   * Which partial responses are used: only those about series and labels (default), all, or none.
   */
  readonly partialAnswers?: 'discovery' | 'accept' | 'refuse';
  /** The timeout for connecting in milliseconds. Default: only the timeout of the request applies. */
  readonly connectTimeoutMs?: number;
  /** Called after every request. */
  readonly onRequest?: (request: FinishedRequest) => void;
  /**
   * Called with the clock skew in seconds for every response that has it: positive if the clock of the
   * server is ahead, 0 if no difference can be measured.
   */
  readonly onClockOffset?: (seconds: number) => void;
  /** Called with a sentence about a problem that does not fail a request. */
  readonly onWarning?: (message: string) => void;
}

/** Credentials of another source than {@link PrometheusOptions}. */
export interface PrometheusIdentity {
  readonly ca?: string | Buffer;
  readonly clientCert?: string | Buffer;
  readonly clientKey?: string | Buffer;
  /** Does not verify the certificate, unless the options have a CA. */
  readonly insecureSkipVerify?: boolean;
  /** The name in the certificate of the server, if it is not the host of the URL. */
  readonly serverName?: string;
  /** @returns the current value of the header `Authorization`, if any */
  readonly authorization?: () => Promise<string | undefined>;
}

export type PrometheusEndpoint = 'query' | 'series' | 'labels' | 'label_values';

export interface FinishedRequest {
  readonly endpoint: PrometheusEndpoint;
  /** The query or the selectors, in the syntax of Prometheus. */
  readonly expression: string;
  readonly durationSeconds: number;
  readonly outcome: 'success' | Exclude<PrometheusErrorKind, 'rejected'>;
  /** The number of bytes that were read of the response, decompressed. */
  readonly bytes: number;
  /** Also of a response that was not used because it is partial. */
  readonly notices: AnswerNotices;
}
