/**
 * Why a request to Prometheus failed:
 * - `unreachable`: no connection or no TLS session could be established
 * - `timeout`: no complete response in time, by our timeout or that of Prometheus
 * - `bad_query`: Prometheus rejected this query; a retry would be rejected as well
 * - `bad_answer`: the response is incomplete, or not one of the Prometheus HTTP API
 * - `unavailable`: Prometheus, or a proxy in front of it, cannot respond now
 * - `too_large`: the response is larger than the limit
 * - `partial`: the response is partial, and partial responses are not used
 * - `unauthorized`: the credentials are missing, wrong or not sufficient
 * - `canceled`: the caller cancelled the request
 * - `rejected`: the request was not sent, see {@link RequestRejection}
 */
export type PrometheusErrorKind =
  | 'unreachable'
  | 'timeout'
  | 'bad_query'
  | 'bad_answer'
  | 'unavailable'
  | 'too_large'
  | 'partial'
  | 'unauthorized'
  | 'canceled'
  | 'rejected';

/**
 * Why a request was not sent:
 * - `queue_full`: the maximum number of queries is waiting
 * - `deadline`: its timeout ended in the queue
 * - `circuit_open`: Prometheus is unavailable
 */
export type RequestRejection = 'queue_full' | 'deadline' | 'circuit_open';

export interface PrometheusErrorDetails {
  /** The HTTP status, if there was a response. */
  readonly status?: number | undefined;
  /** `errorType` of a response of Prometheus, e.g. `bad_data`. */
  readonly errorType?: string | undefined;
  /** The message of Prometheus, a proxy or the system, e.g. `1:5: parse error: unexpected end of input`. */
  readonly detail?: string | undefined;
  /** Only of the kind `rejected`. */
  readonly rejection?: RequestRejection | undefined;
}

/**
 * A failed request to Prometheus. The message is one line for the log. It may quote Prometheus, so it must
 * not be shown to API clients. It contains no credentials, and has no cause that could contain any.
 */
export class PrometheusError extends Error {
  override readonly name = 'PrometheusError';
  readonly kind: PrometheusErrorKind;
  readonly status: number | undefined;
  readonly errorType: string | undefined;
  readonly detail: string | undefined;
  readonly rejection: RequestRejection | undefined;

  constructor(kind: PrometheusErrorKind, summary: string, details: PrometheusErrorDetails = {}) {
    super(details.detail === undefined ? summary : `${summary}: ${details.detail}`);
    this.kind = kind;
    this.status = details.status;
    this.errorType = details.errorType;
    this.detail = details.detail;
    this.rejection = details.rejection;
  }
}

/** A request that was not sent. The message may quote an earlier error of Prometheus or the system. */
export function rejectedRequest(reason: RequestRejection, message: string): PrometheusError {
  return new PrometheusError('rejected', message, { rejection: reason });
}

/** Invalid options: a URL, a file or a header. */
export class PrometheusOptionsError extends Error {
  override readonly name = 'PrometheusOptionsError';
  /** The option, e.g. `tokenFile`. */
  readonly option: string;

  /** @param problem what is wrong and what was expected; contains no credentials */
  constructor(option: string, problem: string) {
    super(`${option}: ${problem}`);
    this.option = option;
  }
}

/** @throws PrometheusOptionsError that names the option, if `make` throws */
export function namingOption<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new PrometheusOptionsError(option, error instanceof Error ? error.message : 'invalid');
  }
}
