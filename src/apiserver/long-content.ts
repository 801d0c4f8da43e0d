import { promisify } from 'node:util';
import { createGzip, gunzip as gunzipWithCallback } from 'node:zlib';
import { freeMemory } from '../scheduling/free-memory.ts';
import { createTimeSlices } from '../scheduling/time-slices.ts';
import { COMPRESS_FROM, FRESH_LEVEL } from './compression.ts';
import { type Content, freshContent } from './document.ts';

const gunzip = promisify(gunzipWithCallback);

/**
 * Collects content piece by piece, with pauses. Compression happens on the way, so that only the
 * result is in memory as a whole.
 *
 * @param pieces their memory is given back
 * @param isCompressed whether the client reads gzip
 * @param signal ends it; its reason is then the error
 */
export async function longContent(
  pieces: Iterable<Buffer>,
  isCompressed: boolean,
  signal: AbortSignal,
): Promise<Content> {
  const slices = createTimeSlices();
  const gathered: Buffer[] = [];
  let length = 0;
  let compressor: Compressor | undefined;
  for (const piece of pieces) {
    length += piece.length;
    gathered.push(piece);
    if (isCompressed && length > COMPRESS_FROM) {
      compressor ??= createCompressor();
      await compressor.write(gathered.splice(0));
    }
    if (slices.isOver()) await slices.pause();
    signal.throwIfAborted();
  }
  if (compressor === undefined) {
    const joined = await join(gathered, length);
    return { ...freshContent(joined), free: () => freeMemory([joined]) };
  }
  const gzipped = await compressor.end();
  const free = (): void => freeMemory([gzipped]);
  return { length, bytes: () => gunzip(gzipped), gzipped: async () => gzipped, free };
}

interface Compressor {
  write(pieces: readonly Buffer[]): Promise<void>;
  end(): Promise<Buffer>;
}

function createCompressor(): Compressor {
  const gzip = createGzip({ level: FRESH_LEVEL });
  const out: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => out.push(chunk));
  return {
    async write(pieces) {
      for (const piece of pieces) {
        await new Promise<void>((resolve, reject) => {
          gzip.write(piece, (error) => (error ? reject(error) : resolve()));
        });
      }
      freeMemory(pieces);
    },
    async end() {
      await new Promise<void>((resolve, reject) => {
        gzip.once('end', resolve).once('error', reject).end();
      });
      return Buffer.concat(out);
    },
  };
}

/** A single copy would block for as long as the system needs to allocate that much memory. */
async function join(pieces: readonly Buffer[], length: number): Promise<Buffer> {
  const slices = createTimeSlices();
  const joined = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of pieces) {
    at += piece.copy(joined, at);
    freeMemory([piece]);
    if (slices.isOver()) await slices.pause();
  }
  return joined;
}
