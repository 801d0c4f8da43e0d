import { promisify } from 'node:util';
import { createGzip, gunzip as gunzipWithCallback } from 'node:zlib';
import { createTimeSlices } from '../../async/time-slices.ts';
import { freeMemory } from '../../memory/buffers.ts';
import { type Body, BodyWriter } from '../http/body.ts';
import { COMPRESS_FROM, FRESH_LEVEL } from '../http/compression.ts';
import { type Content, gzipBody } from './document.ts';
import type { Piece } from './encode-in-pieces.ts';

const gunzip = promisify(gunzipWithCallback);

/**
 * Collects content piece by piece, with pauses. Compression happens on the way, so that only the
 * result is in memory as a whole.
 *
 * @param isCompressed whether the client reads gzip
 * @param signal ends it; its reason is then the error
 */
export async function longContent(
  pieces: Iterable<Piece>,
  isCompressed: boolean,
  signal: AbortSignal,
): Promise<Content> {
  const slices = createTimeSlices();
  const writer = new BodyWriter();
  let compressor: Compressor | undefined;
  for (const piece of pieces) {
    writer.write(piece);
    if (isCompressed && writer.length > COMPRESS_FROM) {
      compressor ??= createCompressor();
      await compressor.write(writer.take());
      writer.free();
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
  const gzipped = await compressor.end();
  return {
    length,
    bytes: async () => [await gunzip(gzipped)],
    gzipped: async () => [gzipped],
    free: () => freeMemory([gzipped]),
  };
}

interface Compressor {
  write(body: Body): Promise<void>;
  end(): Promise<Buffer>;
}

function createCompressor(): Compressor {
  const gzip = createGzip({ level: FRESH_LEVEL });
  const out: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => out.push(chunk));
  return {
    async write(body) {
      for (const part of body) {
        await new Promise<void>((resolve, reject) => {
          gzip.write(part, (error) => (error ? reject(error) : resolve()));
        });
      }
    },
    async end() {
      await new Promise<void>((resolve, reject) => {
        gzip.once('end', resolve).once('error', reject).end();
      });
      return Buffer.concat(out);
    },
  };
}
