import type { Readable } from 'node:stream';
import { PrometheusError } from './errors.ts';

/**
 * Reads a body chunk by chunk.
 *
 * @param limit how many bytes are taken at most
 * @param signal its reason is thrown, and the body destroyed, when it is aborted
 * @param onChunk what it throws ends the reading and is thrown on
 * @throws PrometheusError `too_large`, or `bad_answer` where the body ends too early
 */
export async function readChunks(
  body: Readable,
  limit: number,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  let bytes = 0;
  for await (const chunk of chunksOf(body, signal)) {
    bytes += chunk.length;
    if (bytes > limit) {
      throw new PrometheusError('too_large', `the answer is larger than ${limit} bytes`);
    }
    onChunk(chunk);
  }
}

/** Reads a whole body; everything else as in `readChunks`. */
export async function readBody(
  body: Readable,
  limit: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await readChunks(body, limit, signal, (chunk) => chunks.push(chunk));
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
