import { PrometheusError } from '../errors.ts';
import { readLabels, readName, readNames, unexpected } from './answer.ts';
import type { DataReader } from './list-answer.ts';
import { elementsOf, isListOfBatches } from './list-batches.ts';

/** The label names (without `__name__`) of the series, by series name, in the order of the response. */
export type SeriesLabelNames = ReadonlyMap<string, ReadonlySet<string>>;

/** The approximate memory of a name in addition to its characters, in bytes. */
const NAME_BYTES = 400;
const LABEL_BYTES = 60;

/**
 * Responses of `/api/v1/series`. There can be millions of series, of which only the names are kept. Series
 * without a name are ignored. Servers that are written in Go can return `null` for an empty list.
 */
export const seriesReader: DataReader<SeriesLabelNames> = {
  small(data) {
    const names = createSeriesNames();
    if (data !== null && !Array.isArray(data)) throw notLabelSets();
    for (const [index, labels] of (data ?? []).entries()) names.add(labels, `data[${index}]`);
    return names.found;
  },
  large() {
    const names = createSeriesNames();
    let count = 0;
    return {
      path: ['data'],
      add(batch) {
        let bytes = 0;
        for (const labels of elementsOf(batch) ?? [undefined]) {
          bytes += names.add(labels, `data[${count}]`);
          count += 1;
        }
        return bytes;
      },
      finish(data, batches) {
        const isEmpty = data === null && batches === 0;
        if (!isEmpty && !isListOfBatches(data, batches)) throw notLabelSets();
        return names.found;
      },
    };
  },
};

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
  return new PrometheusError('bad_answer', 'in the response, data is not a list of label sets');
}

/** The approximate memory of a text in addition to its characters, in bytes. */
const TEXT_BYTES = 40;

/** Responses of `/api/v1/labels` and `/api/v1/label/<name>/values`. */
export const namesReader: DataReader<readonly string[]> = {
  small: readNames,
  large() {
    const names: string[] = [];
    return {
      path: ['data'],
      add(batch) {
        const elements = elementsOf(batch);
        if (elements === undefined) throw unexpected(`data[${names.length}]`, 'a string');
        for (const element of elements) names.push(readName(element, names.length));
        return batch.length + TEXT_BYTES * elements.length;
      },
      finish(data, batches) {
        if (batches === 0) return readNames(data);
        if (!isListOfBatches(data, batches)) throw unexpected('data', 'one array');
        return names;
      },
    };
  },
};
