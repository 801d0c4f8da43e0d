import { SelectorError } from '../apimachinery/label-selector.ts';

/** metav1.Status of a failed request. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly details?: object;
  readonly code: number;
}

/** An error with the Status that the request is answered with. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(status: Status, options?: { cause: unknown }) {
    super(status.message, options);
    this.status = status;
  }
}

/** An error of an API, with the Status that the API maps it to. */
export class ApiError extends StatusError {
  /** For the log. */
  readonly error: unknown;

  constructor(status: Status, error: unknown) {
    super(status);
    this.error = error;
  }
}

/** @param reason one of metav1.StatusReason */
export function failure(code: number, reason: string, message: string, details?: object): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  };
}

export function badRequest(message: string): StatusError {
  return new StatusError(failure(400, 'BadRequest', message));
}

/** A path of a served API version that is not a resource. */
export function resourceNotFound(): StatusError {
  return new StatusError(
    failure(404, 'NotFound', 'the server could not find the requested resource', {}),
  );
}

export function methodNotAllowed(): StatusError {
  return new StatusError(
    failure(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    ),
  );
}

/** @param kind `*` for a group whose resources have any name */
export function watchNotSupported(group: string, kind: string): StatusError {
  const message = `watch is not supported on resources of kind "${kind}.${group}"`;
  return new StatusError(failure(405, 'MethodNotAllowed', message, { group, kind }));
}

export function notAcceptable(available: readonly string[]): StatusError {
  return new StatusError(
    failure(
      406,
      'NotAcceptable',
      `only the following media types are accepted: ${available.join(', ')}`,
    ),
  );
}

/** The object cannot be converted to the requested kind or media type. */
export function notConvertible(message: string): StatusError {
  return new StatusError(failure(406, 'NotAcceptable', message));
}

/** None of the representations of a path is acceptable. */
export function noRepresentation(available: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`;
  return new StatusError(failure(406, 'NotAcceptable', message, {}));
}

/** @param limit in bytes */
export function requestEntityTooLarge(limit: number): StatusError {
  const message = `Request entity is too large: limit is ${limit}`;
  return new StatusError(failure(413, 'RequestEntityTooLarge', message));
}

/** @param limit in bytes */
export function answerTooLarge(bytes: number, limit: number): StatusError {
  return new StatusError(
    internalError(
      `the response has ${bytes} bytes, expected at most ${limit} (--max-unsent-bytes): request fewer objects, or send Accept-Encoding: gzip`,
    ),
  );
}

/** The limit of concurrent requests is reached. */
export function tooManyRequests(retryAfterSeconds: number): StatusError {
  const message = 'Too many requests, please try again later.';
  return new StatusError(failure(429, 'TooManyRequests', message, { retryAfterSeconds }));
}

/** Whether a request was rejected by {@link tooManyRequests}. */
export function isTooManyRequests(error: unknown): boolean {
  return error instanceof StatusError && error.status.code === 429;
}

/** The server cannot answer the request yet. */
export function serviceUnavailable(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(failure(503, 'ServiceUnavailable', message, { retryAfterSeconds }));
}

/** The request has timed out. */
export function requestTimeout(): StatusError {
  const message = 'Timeout: request did not complete within the allotted timeout';
  return new StatusError(failure(504, 'Timeout', message, {}));
}

/** When the client may retry, in seconds, if the Status has that: the header Retry-After. */
export function retryAfterOf({ details }: Status): number | undefined {
  const seconds = details && 'retryAfterSeconds' in details ? details.retryAfterSeconds : undefined;
  return typeof seconds === 'number' ? seconds : undefined;
}

/**
 * In characters. Messages truncate each text of a request (`echoedText`); this limits messages with many
 * of them.
 */
const LONGEST_MESSAGE = 2000;

/** The Status of any error. The text of an unexpected one is not shown to clients. */
export function statusOf(error: unknown): Status {
  const status = describe(error);
  const { message } = status;
  if (message.length <= LONGEST_MESSAGE) return status;
  return { ...status, message: `${message.slice(0, LONGEST_MESSAGE)}…` };
}

function describe(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  if (error instanceof SelectorError) return failure(400, 'BadRequest', error.message);
  return internalError('the request could not be served; see the log of the adapter');
}

/** @param message for clients */
export function internalError(message: string): Status {
  return failure(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}
