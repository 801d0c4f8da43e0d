import { type QueryAnswer, readNames, readQueryAnswer } from './answer.ts';
import { type AnswerSize, readBody } from './body.ts';
import { type Connection, connect, type HttpAnswer } from './connection.ts';
import { withDeadline } from './deadline.ts';
import { type Envelope, openEnvelope } from './envelope.ts';
import { PrometheusError } from './errors.ts';
import { labelValuesPath } from './label-values-path.ts';
import type { AnswerNotices } from './notices.ts';
import {
  DEFAULT_DISCOVERY_TIMEOUT_MS,
  DEFAULT_MAX_ANSWER_BYTES,
  DEFAULT_QUERY_TIMEOUT_MS,
  type FinishedRequest,
  type PrometheusEndpoint,
  type PrometheusOptions,
} from './options.ts';
import { readSeriesAnswer, type SeriesLabelNames } from './series-answer.ts';

export interface RequestOptions {
  /** How long this request may take, in milliseconds, instead of the client's own limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface QueryOptions extends RequestOptions {
  /** The evaluation time in seconds since the epoch. Default: now, by Prometheus's clock. */
  readonly time?: number;
}

/** Times in seconds since the epoch. */
export interface TimeRange {
  readonly start: number;
  /** Default: now, by Prometheus's clock. */
  readonly end?: number;
}

/** Every method throws PrometheusError and nothing else. */
export interface PrometheusClient {
  /** Evaluates an instant query. A `timeoutMs` is told to Prometheus, too. */
  query(promql: string, options?: QueryOptions): Promise<QueryAnswer>;
  /** The names and the label names of the series that match a selector, e.g. `{job!=""}`. */
  seriesLabelNames(
    match: string,
    range: TimeRange,
    options?: RequestOptions,
  ): Promise<SeriesLabelNames>;
  /** The label names of the series that match any of the selectors. */
  labelNames(
    matches: readonly string[],
    range: TimeRange,
    options?: RequestOptions,
  ): Promise<readonly string[]>;
  /** The values that a label has in the series that match any of the selectors (none: in all). */
  labelValues(
    label: string,
    matches: readonly string[],
    range: TimeRange,
    options?: RequestOptions,
  ): Promise<readonly string[]>;
  /** Closes all connections, those in use too. */
  close(): void;
}

/** What is asked of one endpoint of the API. */
interface EndpointRequest {
  readonly endpoint: PrometheusEndpoint;
  readonly path: string;
  readonly verb: 'GET' | 'POST';
  readonly parameters: URLSearchParams;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Noticed {
  readonly notices: AnswerNotices;
}

/** Reads an answer until its signal says to stop, and counts its bytes. */
type ReadAnswer<T> = (answer: HttpAnswer, signal: AbortSignal, size: AnswerSize) => Promise<T>;

/**
 * A client of the HTTP API of one Prometheus server, or of what speaks like one. Connections are
 * kept and used again; requests may run side by side.
 *
 * @param connection where several clients share one
 * @throws PrometheusOptionsError where an option, or a file it names, is not as it should be
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

  function ask<T extends Noticed>(request: EndpointRequest, read: ReadAnswer<T>): Promise<T> {
    const size: AnswerSize = { most: limit, taken: 0 };
    return observed(request, size, options, () =>
      withDeadline(request, (signal) => sendAndRead(connection, request, signal, size, read)),
    );
  }

  const readEnvelope: ReadAnswer<Envelope> = async (answer, signal, size) =>
    openEnvelope(await readBody(answer.body, size, signal), answer);

  async function query(promql: string, queryOptions: QueryOptions = {}): Promise<QueryAnswer> {
    const { time, timeoutMs, signal } = queryOptions;
    const request: EndpointRequest = {
      endpoint: 'query',
      path: '/api/v1/query',
      verb,
      parameters: queryParameters(promql, time, timeoutMs),
      timeoutMs: timeoutMs ?? options.queryTimeoutMs ?? DEFAULT_QUERY_TIMEOUT_MS,
      signal,
    };
    const { answer } = await ask(request, async (head, stop, size) => {
      const { data, notices } = await readEnvelope(head, stop, size);
      return { answer: readQueryAnswer(data), notices };
    });
    return answer;
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
      parameters: discoveryParameters([match], range),
      ...discoveryLimits(requestOptions),
    };
    const { series } = await ask(request, (answer, signal, size) =>
      readSeriesAnswer(answer, answer.body, size, signal),
    );
    return series;
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
      // The one endpoint that takes no POST.
      verb: 'GET',
      parameters: discoveryParameters(matches, range),
      ...discoveryLimits(requestOptions),
    });
  }

  async function names(request: EndpointRequest): Promise<readonly string[]> {
    const answer = await ask(request, async (head, signal, size) => {
      const { data, notices } = await readEnvelope(head, signal, size);
      return { names: readNames(data), notices };
    });
    return answer.names;
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
  connection: Connection,
  { verb, path, parameters }: EndpointRequest,
  signal: AbortSignal,
  size: AnswerSize,
  read: ReadAnswer<T>,
): Promise<T> {
  return read(await connection.send({ verb, path, parameters, signal }), signal, size);
}

/** Reports how a request ended, then lets it end so. */
async function observed<T extends Noticed>(
  { endpoint, parameters }: EndpointRequest,
  size: AnswerSize,
  { onRequest, partialAnswers = 'discovery' }: PrometheusOptions,
  run: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  let notices: AnswerNotices = { partial: [], annotations: [] };
  const ended = (outcome: FinishedRequest['outcome']): void => {
    const asked = [...parameters.getAll('query'), ...parameters.getAll('match[]')].join(', ');
    const durationSeconds = (performance.now() - startedAt) / 1000;
    onRequest?.({ endpoint, asked, durationSeconds, outcome, bytes: size.taken, notices });
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
    if (error instanceof PrometheusError) ended(error.kind);
    throw error;
  }
}

/** @throws PrometheusError `partial`, without a status: it is no refusal */
function needWhole({ partial }: AnswerNotices): void {
  if (partial.length > 0) {
    throw new PrometheusError('partial', 'the answer lacks a part', { detail: partial.join('; ') });
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

/** To the millisecond, as precise as Prometheus's own clock. */
function inSeconds(time: number): string {
  return time.toFixed(3);
}
