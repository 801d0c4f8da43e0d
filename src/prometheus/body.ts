import type { Readable } from 'node:stream';
import { PrometheusError } from './errors.ts';

/** How much of an answer has come, in bytes as unpacked; counted while it is read. */
export interface AnswerSize {
  /** How many bytes are taken. */
  readonly most: number;
  taken: number;
}

/**
 * Reads a body chunk by chunk.
 *
 * @param size counts the bytes, and says how many are taken at most
 * @param signal its reason is thrown, and the body destroyed, when it is aborted
 * @param onChunk what it throws ends the reading and is thrown on
 * @throws PrometheusError `too_large`, or `bad_answer` where the body ends too early
 */
export async function readChunks(
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  for await (const chunk of chunksOf(body, signal)) {
    size.taken += chunk.length;
    if (size.taken > size.most) {
      throw new PrometheusError('too_large', `the answer is larger than ${size.most} bytes`);
    }
    onChunk(chunk);
  }
}

/** Reads a whole body; everything else as in `readChunks`. */
export async function readBody(
  body: Readable,
  size: AnswerSize,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await readChunks(body, size, signal, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks);
}

async function* chunksOf(body: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => body.destroy(signal.reason);
  // The signal tells once, which may have been before the body came.
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
    'the answer ended before it was complete',
    detail === undefined ? {} : { detail },
  );
}
