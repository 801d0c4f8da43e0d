import { readName, readNames, unexpected } from './answer.ts';
import type { DataReader } from './list-answer.ts';
import { elementsOf, isListOfBatches } from './list-batches.ts';

/** The approximate memory of a name in addition to its characters, in bytes. */
const NAME_BYTES = 40;

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
        return batch.length + NAME_BYTES * elements.length;
      },
      finish(data, batches) {
        if (batches === 0) return readNames(data);
        if (!isListOfBatches(data, batches)) throw unexpected('data', 'one array');
        return names;
      },
    };
  },
};
