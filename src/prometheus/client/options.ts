import type { PrometheusErrorKind } from '../errors.ts';
import type { AnswerNotices } from './notices.ts';

export const DEFAULT_QUERY_TIMEOUT_MS = 30_000;
export const DEFAULT_DISCOVERY_TIMEOUT_MS = 120_000;
export const DEFAULT_MAX_ANSWER_BYTES = 128 * 1024 * 1024;
export const DEFAULT_MAX_ANSWER_MEMORY = 256 * 1024 * 1024;
export const DEFAULT_MAX_CONNECTIONS = 64;

/** Where Prometheus is and how it is spoken to. */
export interface PrometheusOptions {
  /**
   * `http://` or `https://`; a path is kept before `/api/v1/...`, query parameters are sent with
   * every request, a user name and password become basic authentication.
   */
  readonly url: string;
  /** How queries, series and labels are asked for. Default `GET`. */
  readonly verb?: 'GET' | 'POST';
  /** PEM file with the authorities that Prometheus's certificate may come from, and no others. */
  readonly caFile?: string;
  /** PEM file with our certificate (and its chain); only together with `clientKeyFile`. */
  readonly clientCertFile?: string;
  /** PEM file with our private key; only together with `clientCertFile`. */
  readonly clientKeyFile?: string;
  /** Takes any certificate. Default false. */
  readonly insecureSkipVerify?: boolean;
  /** A bearer token; not together with `tokenFile`. */
  readonly token?: string;
  /** A file with a bearer token, read again when it changes. */
  readonly tokenFile?: string;
  /** Takes the pod's service account: its token, and its CA unless `caFile` is given. */
  readonly inCluster?: boolean;
  /** Where the service account is mounted. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccountDirectory?: string;
  /** Credentials from elsewhere, e.g. a kubeconfig, for what the options above do not say. */
  readonly identity?: PrometheusIdentity;
  /** More headers as `Name=value`; a name may come several times. */
  readonly headers?: readonly string[];
  /** How long a query may take, in milliseconds. Default 30,000. */
  readonly queryTimeoutMs?: number;
  /** How long a request for series or labels may take, in milliseconds. Default 120,000. */
  readonly discoveryTimeoutMs?: number;
  /** The largest answer that is taken, unpacked, in bytes. Default 128 MiB. */
  readonly maxAnswerBytes?: number;
  /**
   * The memory budget in bytes for all large responses that are being received, parsed or used. One
   * response can use two thirds of it. Default 256 MiB.
   */
  readonly maxAnswerMemory?: number;
  /** How many connections may be open at once; further requests wait. Default 64. */
  readonly maxConnections?: number;
  /**
   * Which partial responses are used: only those about series and labels (default), all, or none.
   */
  readonly partialAnswers?: 'discovery' | 'accept' | 'refuse';
  /** How long it may take until a connection is there, in milliseconds. Default: as long as all of it. */
  readonly connectTimeoutMs?: number;
  /** Told of every request when it has ended. */
  readonly onRequest?: (request: FinishedRequest) => void;
  /**
   * Called with the clock skew in seconds for every response that has it: positive if the clock of the
   * server is ahead, 0 if no difference can be measured.
   */
  readonly onClockOffset?: (seconds: number) => void;
  /** Told, in one sentence, of what does not fail a request but needs a look. */
  readonly onWarning?: (message: string) => void;
}

/** Credentials that come from elsewhere than our own options. */
export interface PrometheusIdentity {
  readonly ca?: string | Buffer;
  readonly clientCert?: string | Buffer;
  readonly clientKey?: string | Buffer;
  /** Takes any certificate, unless the options name authorities that it may come from. */
  readonly insecureSkipVerify?: boolean;
  /** The name to verify the server's certificate against, where it is not the URL's host. */
  readonly serverName?: string;
  /** @returns the value for the header `Authorization` now, if any */
  readonly authorization?: () => Promise<string | undefined>;
}

export type PrometheusEndpoint = 'query' | 'series' | 'labels' | 'label_values';

export interface FinishedRequest {
  readonly endpoint: PrometheusEndpoint;
  /** The query or the selectors, as they could be pasted into Prometheus. */
  readonly asked: string;
  readonly durationSeconds: number;
  readonly outcome: 'success' | Exclude<PrometheusErrorKind, 'rejected'>;
  /** Of the answer, unpacked, as far as it was read. */
  readonly bytes: number;
  /** Called with the notices of a response, also if it was not used because it is partial. */
  readonly notices: AnswerNotices;
}
