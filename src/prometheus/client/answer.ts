import { PrometheusError } from '../errors.ts';
import type { Labels, QueryAnswer, Sample } from '../query.ts';
import { isObject } from './envelope.ts';

/**
 * Reads the `data` of a response of `/api/v1/query`.
 *
 * @param data parsed JSON
 * @throws PrometheusError `bad_answer` with the first invalid place, or `bad_query` if the query returns
 *   native histograms, which are not numbers
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats
 */
export function readQueryAnswer(data: unknown): QueryAnswer {
  if (!isObject(data)) {
    throw unexpected('data', 'an object');
  }
  const { resultType, result } = data;
  switch (resultType) {
    case 'vector':
      return { type: 'vector', samples: readList(result, 'data.result').map(readVectorSample) };
    case 'scalar':
      return { type: 'scalar', ...readPoint(result, 'data.result') };
    case 'matrix':
      readList(result, 'data.result');
      return { type: 'matrix' };
    case 'string':
      readPair(result, 'data.result');
      return { type: 'string' };
    default:
      throw unexpected('data.resultType', 'vector, scalar, matrix or string');
  }
}

/**
 * Reads the `data` of a response of `/api/v1/labels` and `/api/v1/label/<name>/values`.
 *
 * @throws PrometheusError `bad_answer`
 */
export function readNames(data: unknown): readonly string[] {
  return readList(data, 'data').map(readName);
}

/** @throws PrometheusError `bad_answer` */
export function readName(name: unknown, index: number): string {
  if (typeof name !== 'string') {
    throw unexpected(`data[${index}]`, 'a string');
  }
  return name;
}

/**
 * @param value parsed JSON, which becomes the labels
 * @param place for the error
 * @throws PrometheusError `bad_answer` if it is not an object of strings
 */
export function readLabels(value: unknown, place: string): Labels {
  if (!isObject(value)) {
    throw unexpected(place, 'an object');
  }
  // The object of the parser, not a copy: an object created without a prototype takes twice the
  // memory.
  Object.setPrototypeOf(value, null);
  needStrings(value, place);
  return value;
}

/** @throws PrometheusError `bad_answer` with the label that is not a string */
function needStrings(
  value: Readonly<Record<string, unknown>>,
  place: string,
): asserts value is Labels {
  // Not Object.entries: a list for each sample would take most of the time.
  for (const name in value) {
    if (typeof value[name] !== 'string') {
      throw unexpected(`${place}[${JSON.stringify(name)}]`, 'a string');
    }
  }
}

/** @throws PrometheusError `bad_answer`, `bad_query`: as {@link readQueryAnswer} */
export function readVectorSample(sample: unknown, index: number): Sample {
  const place = `data.result[${index}]`;
  if (!isObject(sample)) {
    throw unexpected(place, 'an object');
  }
  if (sample.value === undefined && sample.histogram !== undefined) {
    throw new PrometheusError(
      'bad_query',
      'the query returns native histograms; expected numbers, e.g. by histogram_quantile()',
    );
  }
  return {
    labels: readLabels(sample.metric, `${place}.metric`),
    ...readPoint(sample.value, `${place}.value`),
  };
}

function readPoint(point: unknown, place: string): { value: number; timestamp: number } {
  const [timestamp, text] = readPair(point, place);
  return { value: readSampleValue(text, `${place}[1]`), timestamp };
}

function readPair(pair: unknown, place: string): readonly [number, string] {
  const items = readArray(pair, place);
  const [timestamp, text] = items;
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp)) {
    throw unexpected(`${place}[0]`, 'a time in seconds');
  }
  if (typeof text !== 'string' || items.length > 2) {
    throw unexpected(place, 'a time and a string');
  }
  return [timestamp, text];
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Inf', Number.POSITIVE_INFINITY],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
]);

function readSampleValue(text: string, place: string): number {
  const isNumber = NUMBER.test(text);
  const value = isNumber ? Number(text) : NOT_FINITE.get(text);
  if (value === undefined || (isNumber && !Number.isFinite(value))) {
    throw unexpected(place, 'a number, NaN, +Inf or -Inf');
  }
  return value;
}

/** Servers that are written in Go can return `null` for an empty list. */
function readList(value: unknown, place: string): readonly unknown[] {
  return value === null ? [] : readArray(value, place);
}

function readArray(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw unexpected(place, 'an array');
  }
  return value;
}

/** The message has the place and the expected value. The found value can be anything and is not repeated. */
export function unexpected(place: string, expected: string): PrometheusError {
  return new PrometheusError('bad_answer', `in the response, ${place} is not ${expected}`);
}
