import { type Deadline, withDeadline } from '../../async/deadline.ts';
import { PrometheusError } from '../errors.ts';
import type { QueryAnswer, QueryOptions, QueryRunner, RequestOptions } from '../query.ts';
import { type AnswerShare, createAnswerMemory } from './answer-memory.ts';
import { type AnswerSize, readAnswer, readBeginning } from './body.ts';
import { type Connection, connect, type HttpAnswer } from './connection.ts';
import { namesReader, type SeriesLabelNames, seriesReader } from './discovery-answers.ts';
import { labelValuesPath } from './label-values-path.ts';
import {
  type DataReader,
  largeAnswerReader,
  type Noticed,
  readSmallAnswer,
} from './list-answer.ts';
import type { AnswerNotices } from './notices.ts';
import {
  DEFAULT_DISCOVERY_TIMEOUT_MS,
  DEFAULT_MAX_ANSWER_BYTES,
  DEFAULT_MAX_ANSWER_MEMORY,
  DEFAULT_QUERY_TIMEOUT_MS,
  type FinishedRequest,
  type PrometheusEndpoint,
  type PrometheusOptions,
} from './options.ts';
import { type PostableRequest, postLongQueries } from './post-long-queries.ts';
import { queryReader } from './vector-answer.ts';

/** Times in seconds since the epoch. */
export interface TimeRange {
  readonly start: number;
  /** Default: the current time of Prometheus. */
  readonly end?: number;
}

/**
 * The HTTP API of one Prometheus server. The client, its guard and the sharing of queries all have this
 * interface, so that each wraps the one below. All methods throw PrometheusError.
 */
export interface PrometheusClient extends QueryRunner {
  /** Evaluates an instant query. `timeoutMs` is also sent to Prometheus. */
  query(promql: string, options?: QueryOptions): Promise<QueryAnswer>;
  /** The names and the label names of the series that match a selector, e.g. `{job!=""}`. */
  seriesLabelNames(
    match: string,
    range: TimeRange,
    options?: RequestOptions,
  ): Promise<SeriesLabelNames>;
  /** The label names, including `__name__`, of the series that match any of the selectors. */
  labelNames(
    matches: readonly string[],
    range: TimeRange,
    options?: RequestOptions,
  ): Promise<readonly string[]>;
  /** The values of a label in the series that match any of the selectors (none: all series). */
  labelValues(
    label: string,
    matches: readonly string[],
    range: TimeRange,
    options?: RequestOptions,
  ): Promise<readonly string[]>;
  /** Closes all connections, including those in use. */
  close(): void;
}

/** A request to one endpoint of the API. */
interface EndpointRequest {
  readonly endpoint: PrometheusEndpoint;
  readonly path: string;
  readonly verb: 'GET' | 'POST';
  /** Whether a GET may become a POST. */
  readonly canPost: boolean;
  readonly parameters: URLSearchParams;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * A client of the HTTP API of one Prometheus server, or of a compatible server. Connections are kept alive
 * and reused. Requests can run concurrently.
 *
 * @param connection can be shared by several clients
 * @throws PrometheusOptionsError if an option, or the content of a file, is invalid
 * @example
 * const prometheus = createPrometheusClient({ url: 'http://prometheus:9090' });
 * const answer = await prometheus.query('sum(up)');
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function createPrometheusClient(
  options: PrometheusOptions,
  connection: Connection = connect(options),
): PrometheusClient {
  const limit = options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES;
  const verb = options.verb ?? 'GET';
  const sendRequest = postLongQueries(connection, options.onWarning);
  const memory = createAnswerMemory(options.maxAnswerMemory ?? DEFAULT_MAX_ANSWER_MEMORY);

  async function send<T>(
    request: EndpointRequest,
    reader: DataReader<T>,
    { inUse, onLarge }: Pick<QueryOptions, 'inUse' | 'onLarge'> = {},
  ): Promise<T> {
    const size: AnswerSize = { most: limit, taken: 0 };
    const share = memory.open();
    try {
      const { value } = await observed(request, size, options, () =>
        withDeadline(requestDeadline(request), (signal) =>
          sendAndRead(sendRequest, request, signal, size, reader, share, onLarge),
        ),
      );
      share.releaseAfter(inUse);
      return value;
    } catch (error) {
      share.release();
      throw error;
    }
  }

  async function query(promql: string, queryOptions: QueryOptions = {}): Promise<QueryAnswer> {
    const { time, timeoutMs, signal } = queryOptions;
    const request: EndpointRequest = {
      endpoint: 'query',
      path: '/api/v1/query',
      verb,
      canPost: true,
      parameters: queryParameters(promql, time, timeoutMs),
      timeoutMs: timeoutMs ?? options.queryTimeoutMs ?? DEFAULT_QUERY_TIMEOUT_MS,
      signal,
    };
    return send(request, queryReader, queryOptions);
  }

  async function seriesLabelNames(
    match: string,
    range: TimeRange,
    requestOptions: RequestOptions = {},
  ): Promise<SeriesLabelNames> {
    const request: EndpointRequest = {
      endpoint: 'series',
      path: '/api/v1/series',
      verb,
      canPost: true,
      parameters: discoveryParameters([match], range),
      ...discoveryLimits(requestOptions),
    };
    return send(request, seriesReader);
  }

  async function labelNames(
    matches: readonly string[],
    range: TimeRange,
    requestOptions: RequestOptions = {},
  ): Promise<readonly string[]> {
    return names({
      endpoint: 'labels',
      path: '/api/v1/labels',
      verb,
      canPost: true,
      parameters: discoveryParameters(matches, range),
      ...discoveryLimits(requestOptions),
    });
  }

  async function labelValues(
    label: string,
    matches: readonly string[],
    range: TimeRange,
    requestOptions: RequestOptions = {},
  ): Promise<readonly string[]> {
    return names({
      endpoint: 'label_values',
      path: labelValuesPath(label),
      // This endpoint does not accept POST.
      verb: 'GET',
      canPost: false,
      parameters: discoveryParameters(matches, range),
      ...discoveryLimits(requestOptions),
    });
  }

  async function names(request: EndpointRequest): Promise<readonly string[]> {
    return send(request, namesReader);
  }

  function discoveryLimits({ timeoutMs, signal }: RequestOptions) {
    return {
      timeoutMs: timeoutMs ?? options.discoveryTimeoutMs ?? DEFAULT_DISCOVERY_TIMEOUT_MS,
      signal,
    };
  }

  return { query, seriesLabelNames, labelNames, labelValues, close: connection.close };
}

async function sendAndRead<T>(
  send: (request: PostableRequest) => Promise<HttpAnswer>,
  { verb, canPost, path, parameters }: EndpointRequest,
  signal: AbortSignal,
  size: AnswerSize,
  reader: DataReader<T>,
  share: AnswerShare,
  onLarge: (() => void) | undefined,
): Promise<Noticed<T>> {
  const head = await send({ verb, canPost, path, parameters, signal });
  if (head.status >= 300) {
    return readSmallAnswer(await readBeginning(head.body, size, signal), head, reader);
  }
  return readAnswer(
    head.body,
    size,
    signal,
    (body) => readSmallAnswer(body, head, reader),
    () => {
      onLarge?.();
      return largeAnswerReader(head, share, signal, reader);
    },
  );
}

/** The reason of the signal is used only if it is a PrometheusError: others may contain secrets. */
export function requestDeadline({
  timeoutMs,
  signal,
}: Pick<Deadline, 'timeoutMs' | 'signal'>): Deadline {
  return {
    timeoutMs,
    signal,
    timeoutError: () =>
      new PrometheusError('timeout', `no complete response within ${timeoutMs} ms`),
    cancelError: (reason) =>
      reason instanceof PrometheusError
        ? reason
        : new PrometheusError('canceled', 'the caller cancelled the request'),
  };
}

/** Reports how a request ended. */
async function observed<T>(
  { endpoint, parameters }: EndpointRequest,
  size: AnswerSize,
  { onRequest, partialAnswers = 'discovery' }: PrometheusOptions,
  run: () => Promise<Noticed<T>>,
): Promise<Noticed<T>> {
  const startedAt = performance.now();
  let notices: AnswerNotices = { partial: [], annotations: [] };
  const ended = (outcome: FinishedRequest['outcome']): void => {
    const expression = [...parameters.getAll('query'), ...parameters.getAll('match[]')].join(', ');
    const durationSeconds = (performance.now() - startedAt) / 1000;
    onRequest?.({ endpoint, expression, durationSeconds, outcome, bytes: size.taken, notices });
  };
  try {
    const result = await run();
    notices = result.notices;
    const mayBePartial =
      partialAnswers === 'accept' || (partialAnswers === 'discovery' && endpoint !== 'query');
    if (!mayBePartial) needWhole(notices);
    ended('success');
    return result;
  } catch (error) {
    if (error instanceof PrometheusError && error.kind !== 'rejected') ended(error.kind);
    throw error;
  }
}

/** @throws PrometheusError `partial`, without a status since the server did not reject the request */
function needWhole({ partial }: AnswerNotices): void {
  if (partial.length > 0) {
    throw new PrometheusError('partial', 'the response is partial', { detail: partial.join('; ') });
  }
}

function queryParameters(
  promql: string,
  time: number | undefined,
  timeoutMs: number | undefined,
): URLSearchParams {
  const parameters = new URLSearchParams({ query: promql });
  if (time !== undefined) {
    parameters.set('time', inSeconds(time));
  }
  if (timeoutMs !== undefined) {
    parameters.set('timeout', `${Math.ceil(timeoutMs)}ms`);
  }
  return parameters;
}

function discoveryParameters(
  matches: readonly string[],
  { start, end }: TimeRange,
): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const match of matches) {
    parameters.append('match[]', match);
  }
  parameters.set('start', inSeconds(start));
  if (end !== undefined) {
    parameters.set('end', inSeconds(end));
  }
  return parameters;
}

/** With milliseconds, the resolution of timestamps in Prometheus. */
function inSeconds(time: number): string {
  return time.toFixed(3);
}
