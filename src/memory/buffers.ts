/** In bytes. */
export const POOLED_SIZE = 1024 * 1024;

/** In bytes: as much as the body of a large response. */
const MOST_POOLED = 16 * POOLED_SIZE;

/** How long unused buffers are kept. */
const KEPT_FOR_MS = 2_000;

const pooled: Buffer[] = [];
let timer: NodeJS.Timeout | undefined;

/**
 * A buffer of {@link POOLED_SIZE} with any content. The garbage collector runs whenever some tens of
 * megabytes are allocated, even if they are released at once, so that those of one large response are
 * used for the next one.
 */
export function takeBuffer(): Buffer {
  return pooled.pop() ?? Buffer.allocUnsafeSlow(POOLED_SIZE);
}

/** Releases buffers that own their memory. All views of them are empty afterwards. */
export function releaseBuffers(buffers: readonly Buffer[]): void {
  for (const buffer of buffers) {
    const memory = buffer.buffer;
    const isPooled = buffer.length === POOLED_SIZE && pooled.length * POOLED_SIZE < MOST_POOLED;
    if (isPooled && memory instanceof ArrayBuffer) pooled.push(Buffer.from(memory.transfer()));
    else freeMemory([buffer]);
  }
  if (pooled.length === 0) return;
  clearTimeout(timer);
  timer = setTimeout(() => freeMemory(pooled.splice(0)), KEPT_FOR_MS).unref();
}

/**
 * Releases the memory of large buffers immediately. Garbage collection would be too late if memory is
 * scarce. Each buffer must own its memory, and is empty afterwards.
 */
export function freeMemory(buffers: Iterable<Buffer>): void {
  for (const { buffer, byteLength } of buffers) {
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    if (isWhole && !buffer.detached) buffer.transfer(0);
  }
}
