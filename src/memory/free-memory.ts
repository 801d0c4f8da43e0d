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
