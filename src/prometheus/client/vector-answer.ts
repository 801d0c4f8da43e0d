import { createTimeSlices } from '../../async/time-slices.ts';
import { freeMemory } from '../../memory/buffers.ts';
import type { QueryAnswer, Sample, Samples } from '../query.ts';
import { readQueryAnswer, readVectorSample, unexpected } from './answer.ts';
import { isObject } from './envelope.ts';
import type { DataReader } from './list-answer.ts';
import { elementsOf, isListOfBatches } from './list-batches.ts';

/**
 * Responses of `/api/v1/query`. The samples of a large one are kept as text outside the JavaScript heap: as
 * objects they would need three times as much memory, and time for garbage collection. After its memory is
 * released, it has no samples.
 */
export const queryReader: DataReader<QueryAnswer> = {
  small: readQueryAnswer,
  large(share, signal) {
    const batches: Buffer[] = [];
    share.onRelease(() => freeMemory(batches.splice(0)));
    return {
      path: ['data', 'result'],
      add(batch) {
        batches.push(batch);
        return batch.length;
      },
      finish: (data) => readData(data, batches, signal),
    };
  },
};

async function readData(
  data: unknown,
  batches: readonly Buffer[],
  signal: AbortSignal,
): Promise<QueryAnswer> {
  if (!isObject(data) || batches.length === 0) return readQueryAnswer(data);
  if (!isListOfBatches(data.result, batches.length)) throw unexpected('data.result', 'one array');
  switch (data.resultType) {
    case 'vector':
      return { type: 'vector', samples: await packSamples(batches, signal) };
    case 'matrix':
      return { type: 'matrix' };
    default:
      // A scalar or a string: only the text around it is large.
      return readQueryAnswer({ ...data, result: batches.flatMap(elementsOf) });
  }
}

async function packSamples(batches: readonly Buffer[], signal: AbortSignal): Promise<Samples> {
  const samples = new PackedSamples(batches);
  await samples.check(signal);
  return samples;
}

/** Samples as text, which is parsed at each iteration. */
export class PackedSamples implements Samples {
  readonly #batches: readonly Buffer[];
  #length = 0;

  constructor(batches: readonly Buffer[]) {
    this.#batches = batches;
  }

  get length(): number {
    return this.#length;
  }

  /** Validates all samples once, in slices, so that later iterations cannot fail. */
  async check(signal: AbortSignal): Promise<void> {
    const slices = createTimeSlices();
    for (const batch of this.#batches) {
      for (const _sample of samplesIn(batch, this.#length)) this.#length += 1;
      if (slices.isOver()) await slices.pause();
      signal.throwIfAborted();
    }
  }

  *[Symbol.iterator](): Generator<Sample> {
    let index = 0;
    for (const batch of this.#batches) {
      for (const sample of samplesIn(batch, index)) {
        index += 1;
        yield sample;
      }
    }
  }
}

/** @param first the index of the first one, for errors */
function samplesIn(batch: Buffer, first: number): readonly Sample[] {
  const elements = elementsOf(batch);
  if (elements === undefined) throw unexpected(`data.result[${first}]`, 'an object');
  return elements.map((element, index) => readVectorSample(element, first + index));
}
