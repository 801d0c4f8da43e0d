/**
 * What went wrong between us and Prometheus:
 * - `unreachable`: no connection, or no TLS session, came about
 * - `timeout`: no complete answer in time, ours or Prometheus's own
 * - `bad_query`: Prometheus refuses this query, now and again
 * - `bad_answer`: what came is not an answer of the Prometheus HTTP API, or not a complete one
 * - `unavailable`: Prometheus, or a proxy before it, says that it cannot answer now
 * - `too_large`: the answer is larger than the limit
 * - `partial`: the response is partial, and partial responses are not used
 * - `unauthorized`: our credentials are missing, wrong or not sufficient
 * - `canceled`: the caller gave up
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
  | 'canceled';

export interface PrometheusErrorDetails {
  /** The HTTP status, where an answer came. */
  readonly status?: number;
  /** `errorType` of Prometheus's own answer, e.g. `bad_data`. */
  readonly errorType?: string;
  /** What Prometheus, a proxy or the system said, e.g. `1:5: parse error: unexpected end of input`. */
  readonly detail?: string;
}

/**
 * A request to Prometheus that failed. The message is one line for the log: it may quote what
 * Prometheus said, so it is not meant for API clients. It holds no credentials, and there is no
 * cause that could.
 */
export class PrometheusError extends Error {
  readonly kind: PrometheusErrorKind;
  readonly status: number | undefined;
  readonly errorType: string | undefined;
  readonly detail: string | undefined;

  constructor(kind: PrometheusErrorKind, summary: string, details: PrometheusErrorDetails = {}) {
    super(details.detail === undefined ? summary : `${summary}: ${details.detail}`);
    this.name = 'PrometheusError';
    this.kind = kind;
    this.status = details.status;
    this.errorType = details.errorType;
    this.detail = details.detail;
  }
}

/** Options that no connection can be made of: a URL, a file or a header is not as it should be. */
export class PrometheusOptionsError extends Error {
  /** The option, e.g. `tokenFile`. */
  readonly option: string;

  /** @param problem what is wrong and what was expected; holds no credentials */
  constructor(option: string, problem: string) {
    super(`${option}: ${problem}`);
    this.name = 'PrometheusOptionsError';
    this.option = option;
  }
}

/** Does what an option asks for. @throws PrometheusOptionsError naming it, where that fails */
export function namingOption<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new PrometheusOptionsError(option, error instanceof Error ? error.message : 'unfit');
  }
}
