import { POOLED_SIZE, releaseBuffers, takeBuffer } from '../../memory/buffers.ts';

/** The body of a response, in one or more parts. */
export type Body = readonly Buffer[];

/** In bytes. */
export function bodyLength(body: Body): number {
  let length = 0;
  for (const part of body) length += part.length;
  return length;
}

/** The size of the pieces in which a body is written, in bytes. */
export const PIECE = 64 * 1024;

/**
 * Copies of the pieces of a body, to be written one after the other: its memory may be released at
 * any time, also while the kernel takes a piece.
 */
export function* bodyPieces(body: Body): Generator<Uint8Array, void, void> {
  for (const part of body) {
    for (let at = 0; at < part.length; at += PIECE)
      yield Buffer.from(part.subarray(at, at + PIECE));
  }
}

/** Whether a body is written in one piece. */
export function isOnePiece(body: Body): boolean {
  return body.length === 1 && bodyLength(body) <= PIECE;
}

/** In bytes. */
const SMALLEST_BUFFER = 64 * 1024;

/**
 * A long body that is written piece by piece into a few large buffers. Many small buffers, or a copy of
 * all of them, would make the garbage collector run often.
 */
export class BodyWriter {
  /** In bytes. */
  length = 0;
  readonly #buffers: Buffer[] = [];
  readonly #parts: Buffer[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  /** Bytes of the last buffer that are written. */
  #used = 0;

  /** @param piece text is written as UTF-8 */
  write(piece: string | Buffer): void {
    const size = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    if (this.#buffer.length - this.#used < size) this.#begin(size);
    if (typeof piece === 'string') this.#buffer.write(piece, this.#used);
    else piece.copy(this.#buffer, this.#used);
    this.#used += size;
    this.length += size;
  }

  /** Removes and returns the written data. It is valid until `free`. */
  take(): Body {
    this.#end();
    return this.#parts.splice(0);
  }

  /** Releases the memory of everything that was written. */
  free(): void {
    releaseBuffers(this.#buffers.splice(0));
    this.#buffer = Buffer.alloc(0);
    this.#used = 0;
  }

  #begin(size: number): void {
    this.#end();
    // Doubles the size of the body: little is wasted on a short body.
    const wanted = Math.max(this.length, SMALLEST_BUFFER, size);
    const isPooled = wanted >= POOLED_SIZE && size <= POOLED_SIZE;
    this.#buffer = isPooled
      ? takeBuffer()
      : Buffer.allocUnsafeSlow(Math.min(wanted, size + POOLED_SIZE));
    this.#buffers.push(this.#buffer);
  }

  /** The next piece begins a new buffer. */
  #end(): void {
    if (this.#used > 0) this.#parts.push(this.#buffer.subarray(0, this.#used));
    this.#buffer = Buffer.alloc(0);
    this.#used = 0;
  }
}
