import { createTimeSlices } from '../../async/time-slices.ts';
import { freeMemory } from '../../memory/buffers.ts';
import {
  type QueryAnswer,
  readQueryAnswer,
  readVectorSample,
  type Sample,
  type Samples,
  unexpected,
} from './answer.ts';
import type { AnswerShare } from './answer-memory.ts';
import type { AnswerReader } from './body.ts';
import { type AnswerHead, isObject, openEnvelope } from './envelope.ts';
import { elementsOf, isListOfBatches, listBatches } from './list-batches.ts';
import type { AnswerNotices } from './notices.ts';

export interface NoticedQueryAnswer {
  readonly answer: QueryAnswer;
  readonly notices: AnswerNotices;
}

/**
 * Reads a large response of `/api/v1/query`. The samples are kept as text outside the JavaScript heap: as
 * objects they would take three times as much memory, and time for garbage collection.
 *
 * @param share accounts for all bytes of the response; the caller has to release it, after which there
 *   are no samples
 */
export function queryAnswerReader(
  head: AnswerHead,
  share: AnswerShare,
  signal: AbortSignal,
): AnswerReader<NoticedQueryAnswer> {
  const batches: Buffer[] = [];
  share.onRelease(() => freeMemory(batches.splice(0)));
  const list = listBatches(['data', 'result'], (batch) => batches.push(batch));
  return {
    push(chunk) {
      const waiting = share.take(chunk.length, signal);
      if (waiting !== undefined) return waiting.then(() => list.push(chunk));
      list.push(chunk);
      return undefined;
    },
    async end() {
      const { data, notices } = openEnvelope(list.rest(), head);
      return { answer: await readData(data, batches, signal), notices };
    },
  };
}

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
      // A scalar or a string: the text around it is large.
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
