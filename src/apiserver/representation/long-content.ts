import { promisify } from 'node:util';
import { gunzip as gunzipWithCallback } from 'node:zlib';
import { createTimeSlices } from '../../async/time-slices.ts';
import { freeMemory } from '../../memory/buffers.ts';
import { BodyWriter, PIECE } from '../http/body.ts';
import { COMPRESS_FROM, type Compressor, createCompressor, gzipBody } from '../http/compression.ts';
import type { Content } from './document.ts';
import type { Piece } from './encode.ts';

const gunzip = promisify(gunzipWithCallback);

/**
 * Collects content piece by piece, with pauses. It is compressed while it is collected, so that only the
 * result is in memory as a whole. Rejects with the reason of the signal when that is aborted.
 *
 * @param isCompressed whether the client accepts gzip
 */
export async function longContent(
  pieces: Iterable<Piece>,
  isCompressed: boolean,
  signal: AbortSignal,
): Promise<Content> {
  const slices = createTimeSlices();
  const writer = new BodyWriter();
  let compressed = 0;
  let compressor: Compressor | undefined;
  for (const piece of pieces) {
    writer.write(piece);
    if (isCompressed && writer.length > COMPRESS_FROM && writer.length - compressed >= PIECE) {
      compressor ??= createCompressor();
      await compressor.write(writer.take());
      writer.free();
      compressed = writer.length;
    }
    if (slices.isOver()) await slices.pause();
    signal.throwIfAborted();
  }
  const { length } = writer;
  if (compressor === undefined) {
    const body = writer.take();
    return {
      length,
      bytes: () => body,
      gzipped: () => gzipBody(body),
      free: () => writer.free(),
    };
  }
  await compressor.write(writer.take());
  writer.free();
  const gzipped = await compressor.end();
  return {
    length,
    bytes: async () => [await gunzip(gzipped)],
    gzipped: async () => [gzipped],
    free: () => freeMemory([gzipped]),
  };
}
