/**
 * Why a request to the Kubernetes API failed:
 *
 * - `unreachable`: no connection, no TLS session, or a broken connection;
 * - `timeout`: no complete response in time;
 * - `unauthorized`: 401, or there are no credentials;
 * - `forbidden`, `not_found`, `gone`: 403, 404, 410;
 * - `rejected`: any other 4xx;
 * - `server_error`: 5xx, or 429;
 * - `bad_answer`: an unexpected response, or one larger than the limit;
 * - `canceled`: by the signal of the caller.
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
 * A failed request to the Kubernetes API. The message is for the log only: it contains details of the
 * server and its response.
 */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly kind: KubernetesErrorKind;
  /** The HTTP status; undefined if there was no response. */
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

/** The kind of an HTTP status other than 200. */
export function kindOfStatus(status: number): KubernetesErrorKind {
  const kind = KIND_OF_STATUS.get(status);
  if (kind !== undefined) return kind;
  if (status >= 500) return 'server_error';
  return status >= 400 ? 'rejected' : 'bad_answer';
}

/** The message of an error, or any other thrown value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Wraps an error that is not a {@link KubernetesError} in one.
 *
 * @param what failed, e.g. `reading discovery`
 */
export function toKubernetesError(what: string, error: unknown): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const message = `${what} failed: ${messageOf(error)}`;
  return new KubernetesError('bad_answer', message, { cause: error });
}
