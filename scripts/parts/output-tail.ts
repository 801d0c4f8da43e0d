import type { Readable } from 'node:stream';

const KEPT_CHARACTERS = 16_384;

/**
 * Keeps the end of the output of streams.
 *
 * @returns a function that gives the last 16,384 characters so far, of all streams in the order
 *   in which they came
 */
export function outputTail(...streams: readonly Readable[]): () => string {
  let tail = '';
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
    });
  }
  return () => tail;
}
