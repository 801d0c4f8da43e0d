import { isUtf8 } from 'node:buffer';
import { PrometheusError, type PrometheusErrorKind } from '../errors.ts';
import { type AnswerNotices, readNotices } from './notices.ts';

type ResponseErrorKind = Exclude<
  PrometheusErrorKind,
  'canceled' | 'partial' | 'rejected' | 'unreachable'
>;

/** The format of successful responses of `/api/v1`. */
export interface Envelope {
  readonly data: unknown;
  readonly notices: AnswerNotices;
}

/** The head of the HTTP response. */
export interface AnswerHead {
  readonly status: number;
  readonly location: string | undefined;
  /** Makes a text of the response safe for the log. */
  redact(text: string): string;
}

const KIND_OF_ERROR_TYPE: ReadonlyMap<string, ResponseErrorKind> = new Map([
  ['bad_data', 'bad_query'],
  ['execution', 'bad_query'],
  ['timeout', 'timeout'],
  ['canceled', 'unavailable'],
  ['internal', 'unavailable'],
  ['unavailable', 'unavailable'],
  ['too_many_requests', 'unavailable'],
]);

/**
 * Reads the envelope of a response of the Prometheus HTTP API.
 *
 * @param body JSON, or e.g. an error page of a proxy
 * @returns the content of a successful response
 * @throws PrometheusError by `errorType` of the response, otherwise by its HTTP status
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview
 */
export function openEnvelope(body: Buffer, head: AnswerHead): Envelope {
  const envelope = parseObject(body);
  if (envelope?.status === 'error') {
    throw errorAnswer(envelope, head);
  }
  if (envelope?.status !== 'success' || head.status >= 300) {
    throw foreignAnswer(body, head);
  }
  return { data: envelope.data, notices: readNotices(envelope, head.redact) };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = isUtf8(body) ? JSON.parse(body.toString('utf8')) : undefined;
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** @returns whether a JSON value is an object, and not an array or null */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function errorAnswer(
  { errorType, error }: Readonly<Record<string, unknown>>,
  { status, redact }: AnswerHead,
): PrometheusError {
  const type = typeof errorType === 'string' ? errorType : undefined;
  const details = {
    status,
    ...(type === undefined ? {} : { errorType: redact(type) }),
    ...(typeof error === 'string' ? { detail: redact(error) } : {}),
  };
  if (isFromAgent(error)) {
    return new PrometheusError(
      'bad_answer',
      'this Prometheus runs in agent mode and has no query API; expected the URL of the server that it writes to',
      details,
    );
  }
  const kind = kindOfErrorAnswer(type, status);
  return new PrometheusError(kind, SUMMARY_OF_ERROR_ANSWER[kind], details);
}

/** In agent mode Prometheus rejects every query as if it could not execute it. */
function isFromAgent(error: unknown): boolean {
  return typeof error === 'string' && error.includes('unavailable with Prometheus Agent');
}

function kindOfErrorAnswer(errorType: string | undefined, status: number): ResponseErrorKind {
  if (status === 401 || status === 403) {
    return 'unauthorized';
  }
  if (status === 429) {
    return 'unavailable';
  }
  return KIND_OF_ERROR_TYPE.get(errorType ?? '') ?? kindOfOtherError(status);
}

/** Other servers use other error types, or none: VictoriaMetrics repeats the status. */
function kindOfOtherError(status: number): ResponseErrorKind {
  if (status >= 500) return 'unavailable';
  if (status === 408) return 'timeout';
  // An unknown path or method is not about the query.
  return status >= 400 && status !== 404 && status !== 405 ? 'bad_query' : 'bad_answer';
}

const SUMMARY_OF_ERROR_ANSWER: Readonly<Record<ResponseErrorKind, string>> = {
  bad_query: 'Prometheus rejected the query',
  timeout: 'Prometheus reached a timeout',
  unavailable: 'Prometheus is unavailable',
  unauthorized: 'Prometheus rejected the credentials',
  bad_answer: 'Prometheus returned an error',
  too_large: 'Prometheus rejected the size of the response',
};

/** The error for a response of a proxy or of another server. */
function foreignAnswer(body: Buffer, { status, location, redact }: AnswerHead): PrometheusError {
  const [kind, summary] = readStatus(status, location);
  const detail = redact(location ?? body.subarray(0, 4096).toString('utf8'));
  return new PrometheusError(kind, summary, {
    status,
    ...(detail === '' ? {} : { detail }),
  });
}

function readStatus(
  status: number,
  location: string | undefined,
): readonly [PrometheusErrorKind, string] {
  if (status < 300) {
    return ['bad_answer', 'the response is not one of the Prometheus HTTP API'];
  }
  if (status < 400) {
    const isFollowed = 'only redirects within the same scheme, host and port are followed';
    const summary =
      location === undefined
        ? 'without a Location header'
        : `redirects to another server; ${isFollowed}`;
    return ['bad_answer', `HTTP ${status} ${summary}`];
  }
  if (status === 401 || status === 403) {
    return ['unauthorized', `HTTP ${status}: the credentials were rejected`];
  }
  if (status === 404) {
    return ['bad_answer', 'HTTP 404: no Prometheus HTTP API at this URL'];
  }
  if (status === 414 || status === 431) {
    return ['bad_query', `HTTP ${status}: the query is too long for a GET`];
  }
  if (status === 504) {
    return ['timeout', 'HTTP 504: timeout of a proxy in front of Prometheus'];
  }
  return status >= 500 || status === 429
    ? ['unavailable', `HTTP ${status}: not a response of Prometheus`]
    : ['bad_answer', `HTTP ${status}: not a response of Prometheus`];
}
