/**
 * Why a request to the Kubernetes API failed:
 *
 * - `unreachable`: no connection, TLS included, or one that broke;
 * - `timeout`: no complete answer in time;
 * - `unauthorized`: 401, or there were no credentials to send;
 * - `forbidden`, `not_found`, `gone`: 403, 404, 410;
 * - `rejected`: any other 4xx;
 * - `server_error`: 5xx, or 429;
 * - `bad_answer`: not the document that was asked for, or larger than allowed;
 * - `canceled`: the caller's own signal.
 */
export type KubernetesErrorKind =
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'gone'
  | 'rejected'
  | 'server_error'
  | 'bad_answer'
  | 'canceled';

/**
 * A failed request to the Kubernetes API. The message is for the operator (it names the server and
 * what it said): not to be passed on to API clients.
 */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly kind: KubernetesErrorKind;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(
    kind: KubernetesErrorKind,
    message: string,
    details: { status?: number; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
  }
}

const KIND_OF_STATUS: ReadonlyMap<number, KubernetesErrorKind> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [410, 'gone'],
  [429, 'server_error'],
]);

/** The kind of failure that an HTTP status other than 200 stands for. */
export function kindOfStatus(status: number): KubernetesErrorKind {
  const kind = KIND_OF_STATUS.get(status);
  if (kind !== undefined) return kind;
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'rejected' : 'bad_answer';
}

/** An error in words; whatever else was thrown as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A {@link KubernetesError} as it is; of any other error one that says what failed by it.
 *
 * @param what e.g. `reading discovery`.
 */
export function toKubernetesError(what: string, error: unknown): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const message = `${what} failed: ${messageOf(error)}`;
  return new KubernetesError('bad_answer', message, { cause: error });
}
