/**
 * Gives the memory of large buffers back at once. The collector of garbage comes for them when it
 * must, which is too late where memory is scarce. Each of them has its memory to itself; it is empty
 * afterwards.
 */
export function freeMemory(buffers: Iterable<Buffer>): void {
  for (const { buffer, byteLength } of buffers) {
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    if (isWhole && !buffer.detached) buffer.transfer(0);
  }
}
