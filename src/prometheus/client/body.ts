import type { Readable } from 'node:stream';
import { createTimeSlices, type TimeSlices } from '../../async/time-slices.ts';
import { PrometheusError } from '../errors.ts';

/**
 * In bytes. A response up to this size is parsed in one piece, which takes a few milliseconds, and does
 * not count towards the memory budget.
 */
const LARGEST_SMALL = 256 * 1024;

/** The size of a response in bytes, decompressed; counted while it is read. */
export interface AnswerSize {
  /** The limit. */
  readonly most: number;
  taken: number;
}

/**
 * Reads a body chunk by chunk.
 *
 * @param size counts the bytes and has the limit
 * @param signal if it is aborted, its reason is thrown and the body is destroyed
 * @param onChunk the next chunk is read after its promise has resolved; an error stops the read and is
 *   rethrown
 * @throws PrometheusError `too_large`, or `bad_answer` if the body ends too early
 */
async function readChunks(
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => Promise<void> | undefined,
): Promise<void> {
  for await (const chunk of chunksOf(body, signal)) {
    size.taken += chunk.length;
    if (size.taken > size.most) throw largerThan(size);
    const reading = onChunk(chunk);
    if (reading !== undefined) await reading;
  }
}

/** Reads a complete body. Size, signal and errors as in {@link readAnswer}. */
export async function readBody(
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await readChunks(body, size, signal, (chunk) => {
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks);
}

/** Reads the beginning of a body, for an error message. */
export async function readBeginning(
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(body, signal)) {
    size.taken += chunk.length;
    chunks.push(chunk);
    if (size.taken > LARGEST_SMALL) break;
  }
  return Buffer.concat(chunks);
}

/** Processes a response while it arrives. */
export interface AnswerReader<T> {
  push(chunk: Buffer): Promise<void> | undefined;
  /** All chunks have arrived. */
  end(): Promise<T>;
}

/**
 * Reads a response: as a whole if it is small, otherwise piece by piece.
 *
 * @param size counts the bytes and has the limit
 * @param signal if it is aborted, its reason is thrown and the body is destroyed
 * @throws PrometheusError `too_large`, or `bad_answer` if the body ends too early; what
 *   `readSmall` and the reader throw
 */
export async function readAnswer<T>(
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
  readSmall: (body: Buffer) => T,
  readLarge: () => AnswerReader<T>,
): Promise<T> {
  const beginning: Buffer[] = [];
  const slices = createTimeSlices();
  let large: AnswerReader<T> | undefined;
  await readChunks(body, size, signal, (chunk) => {
    // Up to 32 chunks arrive without a turn of the event loop.
    if (large !== undefined) return large.push(chunk) ?? pauseIfOver(slices);
    beginning.push(chunk);
    if (size.taken <= LARGEST_SMALL) return undefined;
    large = readLarge();
    return large.push(Buffer.concat(beginning.splice(0)));
  });
  return large === undefined ? readSmall(Buffer.concat(beginning)) : large.end();
}

function pauseIfOver(slices: TimeSlices): Promise<void> | undefined {
  return slices.isOver() ? slices.pause() : undefined;
}

function largerThan({ most }: AnswerSize): PrometheusError {
  return new PrometheusError(
    'too_large',
    `the response is larger than ${most} bytes, the limit of --prometheus-max-answer-size`,
  );
}

async function* chunksOf(body: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => body.destroy(signal.reason);
  // The event is not repeated, and the signal may have been aborted before.
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) {
      yield chunk;
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : cutOff(error);
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

function cutOff(error: unknown): PrometheusError {
  const detail = error instanceof Error ? error.message : undefined;
  return new PrometheusError(
    'bad_answer',
    'the response ended before it was complete',
    detail === undefined ? {} : { detail },
  );
}
