import type { Readable } from 'node:stream';
import { readLabels } from './answer.ts';
import { arrayElements } from './array-elements.ts';
import { type AnswerSize, readBody, readChunks } from './body.ts';
import { type AnswerHead, openEnvelope } from './envelope.ts';
import { PrometheusError } from './errors.ts';
import type { AnswerNotices } from './notices.ts';

/** The names of the labels (without `__name__`) that series of a name have, by that name. */
export type SeriesLabelNames = ReadonlyMap<string, ReadonlySet<string>>;

export interface SeriesAnswer {
  /** In the order in which Prometheus named them first. */
  readonly series: SeriesLabelNames;
  readonly notices: AnswerNotices;
}

/**
 * Reads an answer of `/api/v1/series` while it arrives. There can be millions of series; only the
 * names are kept, and series without a name are passed over.
 *
 * @throws PrometheusError as `openEnvelope` and `readChunks` do; `bad_answer` for anything that is
 *   not a list of label sets
 */
export async function readSeriesAnswer(
  head: AnswerHead,
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
): Promise<SeriesAnswer> {
  if (head.status >= 300) {
    const { notices } = openEnvelope(await readBody(body, size, signal), head);
    return { series: new Map(), notices };
  }
  const series = new Map<string, Set<string>>();
  let count = 0;
  const elements = arrayElements((text) => {
    addSeries(series, text, `data[${count}]`);
    count += 1;
  });
  await readChunks(body, size, signal, elements.push);
  const { data, notices } = openEnvelope(elements.rest(), head);
  needList(data, count);
  return { series, notices };
}

function addSeries(
  series: Map<string, Set<string>>,
  text: string | undefined,
  place: string,
): void {
  const labels = readLabels(parse(text), place);
  const name = labels.__name__;
  if (name === undefined) {
    return;
  }
  const known = series.get(name) ?? new Set();
  series.set(name, known);
  for (const label in labels) {
    if (label !== '__name__') {
      known.add(label);
    }
  }
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Only zeros stand where the series were cut out: as many as there were, and in `data`. Servers that
 * are written in Go may write `null` for an empty list.
 */
function needList(data: unknown, count: number): void {
  if (data === null && count === 0) return;
  if (!Array.isArray(data) || data.length !== count || data.some((element) => element !== 0)) {
    throw new PrometheusError('bad_answer', 'in the answer, data is not a list of label sets');
  }
}
