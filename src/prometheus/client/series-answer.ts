import { PrometheusError } from '../errors.ts';
import { readLabels } from './answer.ts';
import type { AnswerShare } from './answer-memory.ts';
import type { AnswerReader } from './body.ts';
import { type AnswerHead, openEnvelope } from './envelope.ts';
import { elementsOf, isListOfBatches, listBatches } from './list-batches.ts';
import type { AnswerNotices } from './notices.ts';

/** The names of the labels (without `__name__`) that series of a name have, by that name. */
export type SeriesLabelNames = ReadonlyMap<string, ReadonlySet<string>>;

export interface SeriesAnswer {
  /** In the order in which Prometheus named them first. */
  readonly series: SeriesLabelNames;
  readonly notices: AnswerNotices;
}

/** The approximate memory of a name in addition to its characters, in bytes. */
const NAME_BYTES = 400;
const LABEL_BYTES = 60;

/**
 * Reads a small answer of `/api/v1/series`. Servers that are written in Go may write `null` for an
 * empty list. Throws as
 * {@link seriesReader}.
 */
export function readSeriesAnswer(body: Buffer, head: AnswerHead): SeriesAnswer {
  const { data, notices } = openEnvelope(body, head);
  const names = createSeriesNames();
  if (data !== null && !Array.isArray(data)) throw notLabelSets();
  for (const [index, labels] of (data ?? []).entries()) names.add(labels, `data[${index}]`);
  return { series: names.found, notices };
}

/**
 * Reads a large one while it arrives. There can be millions of series; only the
 * names are kept, and series without a name are passed over.
 *
 * @param share accounts for the memory of the names; the caller has to release it
 * @throws PrometheusError as `openEnvelope` does; `bad_answer` for anything that is not a list of
 *   label sets
 */
export function seriesReader(
  head: AnswerHead,
  share: AnswerShare,
  signal: AbortSignal,
): AnswerReader<SeriesAnswer> {
  const names = createSeriesNames();
  let count = 0;
  let batches = 0;
  let bytes = 0;
  const list = listBatches(['data'], (batch) => {
    for (const labels of elementsOf(batch) ?? [undefined]) {
      bytes += names.add(labels, `data[${count}]`);
      count += 1;
    }
    batches += 1;
  });
  return {
    push(chunk) {
      list.push(chunk);
      const taken = bytes;
      bytes = 0;
      return taken === 0 ? undefined : share.take(taken, signal);
    },
    async end() {
      const { data, notices } = openEnvelope(list.rest(), head);
      const isEmpty = data === null && batches === 0;
      if (!isEmpty && !isListOfBatches(data, batches)) throw notLabelSets();
      return { series: names.found, notices };
    },
  };
}

interface SeriesNames {
  readonly found: SeriesLabelNames;
  /**
   * @param labels parsed JSON
   * @returns the approximate additional memory in use, in bytes
   */
  add(labels: unknown, place: string): number;
}

function createSeriesNames(): SeriesNames {
  const found = new Map<string, Set<string>>();
  return {
    found,
    add(value, place) {
      const labels = readLabels(value, place);
      const name = labels.__name__;
      if (name === undefined) return 0;
      const known = found.get(name) ?? new Set();
      let bytes = found.has(name) ? 0 : NAME_BYTES + name.length;
      found.set(name, known);
      for (const label in labels) {
        if (label === '__name__' || known.has(label)) continue;
        known.add(label);
        bytes += LABEL_BYTES + label.length;
      }
      return bytes;
    },
  };
}

function notLabelSets(): PrometheusError {
  return new PrometheusError('bad_answer', 'in the answer, data is not a list of label sets');
}
